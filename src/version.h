/*
 * version.h - the one place that holds the version of the module.
 */
#ifndef SSO_VERSION_H
#define SSO_VERSION_H

#define SSO_VERSION "0.1.0"

#endif
