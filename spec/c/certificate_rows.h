/*
 * certificate_rows.h - the texts of certificate_test.c, by what becomes of
 * them; certificate_test.c makes the files.
 */
#ifndef CERTIFICATE_ROWS_H
#define CERTIFICATE_ROWS_H

#define BEGIN  "-----BEGIN CERTIFICATE-----"
#define END    "-----END CERTIFICATE-----"
#define EMDASH "\xE2\x80\x94"
#define ENDASH "\xE2\x80\x93"

/*
 * A text is parts with '|' between them: "@name" is a file, "@@name" the same
 * in UTF-16, "@0" a zero byte, anything else is itself.  In all of it each
 * "from" becomes "to".
 */
struct row {
    const char *name;
    const char *text;
    const char *from; /* NULL: nothing */
    const char *to;
    const char *says; /* part of the sentence that refuses it */
};

static const struct row as_is[] = {
    {"RSA", "@rsa.pem", 0, 0, 0},
    {"EC", "@ec.pem", 0, 0, 0},
    {"Ed25519", "@ed.pem", 0, 0, 0},
    {"RSA-PSS", "@pss.pem", 0, 0, 0},
    {"an expired one", "@old.pem", 0, 0, 0},
    {"CRLF", "@rsa.pem", "\n", "\r\n", 0},
    {"no trailing newline", "@rsa.pem", END "\n", END, 0},
};

/* All of them go out as rsa.pem. */
static const struct row mended[] = {
    {"DER", "@rsa.der", 0, 0, 0},
    {"DER and a newline", "@rsa.der|\n", 0, 0, 0},
    {"bare base64", "@rsa.bare", 0, 0, 0},
    {"bare base64 on one line", "@rsa.bare", "\n", "", 0},
    {"bare base64 between words", "see |@rsa.bare| thank you", "\n", "", 0},
    {"text before", "subject=CN = idp\n|@rsa.pem", 0, 0, 0},
    {"text behind", "@rsa.pem|kind regards", 0, 0, 0},
    {"a dash in the text", EMDASH " ours:\n|@rsa.pem", 0, 0, 0},
    {"a revocation list before it", "@rsa.crl|@rsa.pem", 0, 0, 0},
    {"spaces for line breaks", "@rsa.pem", "\n", " ", 0},
    {"literal \\n", "@rsa.pem", "\n", "\\n", 0},
    {"literal \\r\\n", "@rsa.pem", "\n", "\\r\\n", 0},
    {"literal \\\\n", "@rsa.pem", "\n", "\\\\n", 0},
    {"JSON that escapes slashes", "@rsa.pem", "/", "\\/", 0},
    {"XML that escapes CR", "@rsa.pem", "\n", "&#13;\n", 0},
    {"form encoding", "@rsa.pem", "\n", "%0A", 0},
    {"line breaks lost", "@rsa.pem", "\n", "", 0},
    {"typographic dashes", "@rsa.pem", "-----", EMDASH ENDASH, 0},
    {"dashes of Windows-1252", "@rsa.pem", "--", "\x97", 0},
    {"no dashes", "@rsa.pem", "-----", "", 0},
    {"no BEGIN", "@rsa.pem", BEGIN "\n", "", 0},
    {"no END", "@rsa.pem", END "\n", "", 0},
    {"small letters", "@rsa.pem", "BEGIN CERT", "begin cert", 0},
    {"X509 CERTIFICATE", "@rsa.pem", "N CERT", "N X509 CERT", 0},
    {"TRUSTED CERTIFICATE", "@trusted.pem", 0, 0, 0},
    {"byte order mark", "\xEF\xBB\xBF|@rsa.pem", 0, 0, 0},
    {"indentation", "  |@rsa.pem", "\n", "\n  ", 0},
    {"blank lines", "@rsa.pem", "\n", "\n\n", 0},
    {"quoted mail", "> |@rsa.pem", "\n", "\n> ", 0},
    {"a zero byte and more", "@rsa.pem|@0|x", 0, 0, 0},
    {"base64 of PEM", "@rsa.b64", 0, 0, 0},
    {"UTF-16", "@@rsa.pem", 0, 0, 0},
    {"lines in quotes and commas", "@rsa.pem", "\n", "\",\n\"", 0},
    {"lines in single quotes", "@rsa.pem", "\n", "'\n'", 0},
    {"lines of a table", "@rsa.pem", "\n", "|\n|", 0},
    {"lines that go on", "@rsa.pem", "\n", " \\\n", 0},
    {"DER and a cut value", "@rsa.der|0\x05xy", 0, 0, 0},
    {"DER and half a head", "@rsa.der|0", 0, 0, 0},
    {"metadata", "<X509Certificate>|@rsa.bare|</X509Certificate>", 0, 0, 0},
};

static const struct row refused[] = {
    {"the samples' placeholder", "<your x509 certificate>", 0, 0,
     "placeholder"},
    {"the way out", "<your x509 certificate>", 0, 0, "validate = false"},
    {"a placeholder in PEM", BEGIN "\n<your certificate>\n" END, 0, 0,
     "placeholder"},
    {"an ellipsis", BEGIN "\nMIIC...\n" END "\n", 0, 0, "placeholder"},
    {"no brackets", "YOUR_CERTIFICATE", 0, 0, "placeholder"},
    {"a template variable", "{{ idp.certificate }}", 0, 0, "placeholder"},
    {"nothing", "", 0, 0, "empty"},
    {"white space", " \r\n\t", 0, 0, "empty"},
    {"words", "hello world", 0, 0, "not an X.509 certificate"},
    {"a file name", "/etc/ssl/idp.pem", 0, 0, "name of a file"},
    {"an address", "https://idp.test/metadata", 0, 0, "address"},
    {"two", "@rsa.pem|@ec.pem", 0, 0, "holds 2 certificates"},
    {"two in DER", "@rsa.der|@ec.der", 0, 0, "holds 2 certificates"},
    {"two bare ones", "@rsa.bare|@ec.bare", 0, 0, "holds 2 certificates"},
    {"one twice", "@rsa.pem|@rsa.pem", 0, 0, "twice"},
    {"one and a half", "@rsa.pem|@cut.pem", 0, 0, "second one"},
    {"a CSR", "@rsa.csr", 0, 0, "signing request"},
    {"a CSR's wrong label", "@rsa.csr", " REQUEST", "", "signing request"},
    {"a public key", "@rsa.pub", 0, 0, "public key alone"},
    {"a PKCS#1 public key", "@rsa.pub1", 0, 0, "public key alone"},
    {"a key of SSH", "ssh-rsa AAAAB3NzaC1yc2EAAAAD a@b", 0, 0,
     "public key alone"},
    {"a CRL", "@rsa.crl", 0, 0, "revocation list"},
    {"PKCS#7", "@rsa.p7b", 0, 0, "PKCS#7"},
    {"PEM cut off", "@cut.pem", 0, 0, "is cut off: 423 of"},
    {"DER cut off", "@cut.der", 0, 0, "is cut off: 300 of"},
    {"a strange character", "@rsa.pem", "gAwIBA", "gAwIB*", "a character"},
    {"a changed character", "@rsa.pem", "gAwIB", "gBwIB", "can be read"},
    {"a head alone", BEGIN "\n" END, 0, 0, "no readable base64"},
    {"two heads alone", BEGIN "\n" END "\n" BEGIN "\n" END, 0, 0,
     "no readable base64"},
    {"a head alone behind a CSR", "@rsa.csr|" BEGIN "\n" END, 0, 0,
     "no readable base64"},
    {"a CSR and a CRL", "@rsa.csr|@rsa.crl", 0, 0, "signing request"},
    {"a CRL and a CSR", "@rsa.crl|@rsa.csr", 0, 0, "revocation list"},
    {"a length without end", "0\x80 and more", 0, 0, "can be read"},
    {"half of one, and of another", "@cut.bare|= and |@cut.bare", 0, 0,
     "is cut off: 423 of"},
    {"half of something else", "--BEGIN FOO--\n|@cut.bare|\n--END FOO--", 0, 0,
     "is not an X.509"},
    {"brackets alone", "<>", 0, 0, "is not an X.509"},
    {"an element", "<a>b</a>", 0, 0, "is not an X.509"},
    {"an address", "http://idp.example/signing", 0, 0, "name of a file"},
    {"an address of https", "https://idp.example/signing", 0, 0,
     "name of a file"},
    {"an address of a file", "file:///etc/ssl/idp", 0, 0, "name of a file"},
    {"an ending alone", ".pem", 0, 0, "is not an X.509"},
    {"an EC key of SSH", "ecdsa-sha2-nistp256 AAAAE2Vj a@b", 0, 0,
     "public key alone"},
    {"two that are as long", "@ed.pem|@e2.pem", 0, 0, "holds 2 certificates"},
    {"three that are the same", "@ed.pem|@ed.pem|@ed.pem", 0, 0,
     "holds 3 certificates"},
};

/* Refused whatever validate says, with the same sentence. */
static const struct row private_keys[] = {
    {"PKCS#8", "@rsa.key", 0, 0, 0},
    {"PKCS#1", "@rsa.k1.pem", 0, 0, 0},
    {"EC", "@ec.k1.pem", 0, 0, 0},
    {"Ed25519", "@ed.key", 0, 0, 0},
    {"encrypted PKCS#8", "@rsa.enc.pem", 0, 0, 0},
    {"encrypted PKCS#1", "@rsa.k1enc.pem", 0, 0, 0},
    {"its label lost", "@rsa.k1enc.pem", "PRIVATE", "", 0},
    {"OpenSSH", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNza", 0, 0, 0},
    {"OpenSSH, bare", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAE", 0, 0, 0},
    {"PGP", "-----BEGIN PGP PRIVATE KEY BLOCK-----", 0, 0, 0},
    {"END alone", "-----END PRIVATE KEY-----", 0, 0, 0},
    {"SSH2", "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", 0, 0, 0},
    {"small letters", "-----begin rsa private key-----", 0, 0, 0},
    {"no dashes", "BEGIN EC PRIVATE KEY\nabc", 0, 0, 0},
    {"typographic dashes", EMDASH "begin private key" EMDASH, 0, 0, 0},
    {"no-break spaces", "--BEGIN PRIVATE KEY--", " ", "\xC2\xA0", 0},
    {"zero width", "--BEGIN PRI\xE2\x80\x8BVATE KEY--", 0, 0, 0},
    {"form encoding", "--BEGIN PRIVATE KEY--", " ", "%20", 0},
    {"literal \\n", "@rsa.key", "\n", "\\n", 0},
    {"spaces", "@rsa.key", "\n", " ", 0},
    {"before a certificate", "@rsa.key|@rsa.pem", 0, 0, 0},
    {"behind it", "@rsa.pem|@rsa.key", 0, 0, 0},
    {"behind a zero byte", "@rsa.pem|@0|@ec.key", 0, 0, 0},
    {"a zero byte within", "--BEGIN PRI|@0|VATE KEY--", 0, 0, 0},
    {"as a certificate", "@rsa.key", "PRIVATE KEY", "CERTIFICATE", 0},
    {"PKCS#8 in DER", "@rsa.k8.der", 0, 0, 0},
    {"PKCS#8 of EC in DER", "@ec.k8.der", 0, 0, 0},
    {"PKCS#8 of Ed25519 in DER", "@ed.k8.der", 0, 0, 0},
    {"PKCS#1 in DER", "@rsa.k1.der", 0, 0, 0},
    {"EC in DER", "@ec.k1.der", 0, 0, 0},
    {"encrypted, in DER", "@rsa.enc.der", 0, 0, 0},
    {"PKCS#12", "@rsa.p12", 0, 0, 0},
    {"DER behind DER", "@rsa.der|@rsa.k8.der", 0, 0, 0},
    {"DER behind PEM", "@rsa.pem|@ec.k1.der", 0, 0, 0},
    {"bare PKCS#8", "@rsa.key.bare", 0, 0, 0},
    {"half of it", "@cut.key", 0, 0, 0},
    {"bare PKCS#8 of EC", "key |@ec.key.bare", "\n", "", 0},
    {"bare Ed25519", "@ed.key.bare", 0, 0, 0},
    {"bare EC", "@ec.k1.bare", 0, 0, 0},
    {"base64 of PEM", "@key.b64", 0, 0, 0},
    {"UTF-16", "@@rsa.key", 0, 0, 0},
    {"JSON Web Key", "{\"kty\":\"RSA\",\"d\":\"secret\"}", 0, 0, 0},
    {"PuTTY", "PuTTY-User-Key-File-3: x\nPrivate-Lines: 1", 0, 0, 0},
};

/* Sent as they are when nobody asks for a certificate. */
static const struct row anything[] = {
    {"the placeholder", "<your x509 certificate>", 0, 0, 0},
    {"nothing", "", 0, 0, 0},
    {"one byte", "x", 0, 0, 0},
    {"a zero byte", "a|@0|b", 0, 0, 0},
    {"a certificate", "@rsa.pem", 0, 0, 0},
    {"several", "@rsa.pem|@ec.pem", 0, 0, 0},
    {"spaces for line breaks", "@rsa.pem", "\n", " ", 0},
    {"a CSR", "@rsa.csr", 0, 0, 0},
    {"a public key", "@rsa.pub", 0, 0, 0},
    {"DER", "@rsa.der", 0, 0, 0},
    {"prose", "in the end, keep the private key: we never send it", 0, 0, 0},
};

#endif
