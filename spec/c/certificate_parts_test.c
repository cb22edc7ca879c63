/*
 * certificate_parts_test.c - the parts that take a text apart, each alone:
 * heads of DER, strict PEM, markers, and what looks nearly like a private key.
 */
#include "../../src/certificate.h"
#include "../../src/certificate_text.h"

#include "check.h"

#include <stdlib.h>

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

/* ---- heads of DER --------------------------------------------------------- */

static void heads_of_der(void)
{
    static const struct {
        const char *bytes;
        size_t len;
        size_t head; /* 0: refused */
        size_t content;
    } rows[] = {
        {"", 0, 0, 0},
        {"\x30", 1, 0, 0},
        {"\x30\x05", 2, 2, 5},
        {"\x30\x7F", 2, 2, 127},
        {"\x30\x80", 2, 0, 0}, /* indefinite */
        {"\x30\x81", 2, 0, 0},
        {"\x30\x81\x90", 3, 3, 0x90},
        {"\x30\x82\x01", 3, 0, 0},
        {"\x30\x82\x01\x02", 4, 4, 0x102},
        {"\x30\x84\x07\xFF\xFF\xFF", 6, 6, 0x7FFFFFF},
        {"\x30\x84\x08\x00\x00\x00", 6, 0, 0},
        {"\x30\x85\x00\x00\x00\x00\x01", 7, 0, 0},
        {"\x30\xFF\x00\x00\x00\x00\x01", 7, 0, 0},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t head = 0;
        size_t content = 0;
        bool ok = sso_certificate_der_head((const unsigned char *)rows[i].bytes,
                                           rows[i].len, &head, &content);
        if (!CHECK(ok == (rows[i].head != 0)) ||
            !CHECK(!ok || (head == rows[i].head && content == rows[i].content)))
            printf("    row %d\n", (int)i);
    }
}

/* ---- strict PEM ----------------------------------------------------------- */

static void strict_pem(void)
{
    static const struct {
        const char *text;
        bool clean;
    } rows[] = {
        {BEGIN "\nAAAA\n" END "\n", true},
        {BEGIN "\nAAAA\n" END, true},
        {BEGIN "\r\nAAAA\r\n" END "\r\n", true},
        {BEGIN "\nAAAA\nAAAAAA==\n" END "\n", true},
        {BEGIN "\nAAAAAAA=\n" END "\n", true},
        {BEGIN "\nA\nAAA\n" END "\n", true},
        {"", false},
        {"-----BEGIN", false},
        {"x" BEGIN "\nAAAA\n" END "\n", false},
        {"-----BEGIN CERTIFICATE----x\nAAAA\n" END "\n", false},
        {BEGIN, false},
        {BEGIN " \nAAAA\n" END "\n", false},
        {BEGIN "\r", false},
        {BEGIN "\rAAAA\n" END "\n", false},
        {BEGIN "\n", false},
        {BEGIN "\n" END "\n", false},
        {BEGIN "\n\nAAAA\n" END "\n", false},
        {BEGIN "\nAAAA" END "\n", false},
        {BEGIN "\nAAAA", false},
        {BEGIN "\nAAAA\r", false},
        {BEGIN "\nAAAA\r" END, false},
        {BEGIN "\nAAAA\n", false},
        {BEGIN "\nAA*A\n" END "\n", false},
        {BEGIN "\nAA A\n" END "\n", false},
        {BEGIN "\nAAA\n" END "\n", false},
        {BEGIN "\nAA==\n" END "\n", false}, /* one byte is no certificate */
        {BEGIN "\nAAAAA\n" END "\n", false},
        {BEGIN "\nAAAAA===\n" END "\n", false},
        {BEGIN "\nAAAAAA==\nAAAA\n" END "\n", false},
        {BEGIN "\nAAAAAA=\n=\n" END "\n", false},
        {BEGIN "\nAAAAAAB=\n" END "\n", false}, /* bits that no byte takes */
        {BEGIN "\nAAAAAAC=\n" END "\n", false},
        {BEGIN "\nAAAAAAE=\n" END "\n", true},
        {BEGIN "\nAAAAAI==\n" END "\n", false},
        {BEGIN "\nAAAAAQ==\n" END "\n", true},
        {BEGIN "\nAAAA\n-----END CERTIFICATE", false},
        {BEGIN "\nAAAA\n-----END CERTIFICATE----x\n", false},
        {BEGIN "\nAAAA\n" END " ", false},
        {BEGIN "\nAAAA\n" END "\r", false},
        {BEGIN "\nAAAA\n" END "\n\n", false},
        {BEGIN "\nAAAA\n" END "\nx", false},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!CHECK(sso_certificate_is_clean(
                       rows[i].text, strlen(rows[i].text)) == rows[i].clean))
            printf("    row %d\n", (int)i);
}

/* ---- markers -------------------------------------------------------------- */

static void markers(void)
{
    static const struct {
        const char *text;
        int from; /* -1: there is none */
        int to;
        enum sso_pem_label label;
        bool exact;
    } rows[] = {
        {BEGIN "\n", 0, 27, SSO_LABEL_CERTIFICATE, true},
        {BEGIN, 0, 27, SSO_LABEL_CERTIFICATE, true},
        {BEGIN "\r\n", 0, 27, SSO_LABEL_CERTIFICATE, true},
        {BEGIN " \n", 0, 27, SSO_LABEL_CERTIFICATE, false},
        {"x\n" END "\n", 2, 27, SSO_LABEL_CERTIFICATE, true},
        {"x " END "\n", 2, 27, SSO_LABEL_CERTIFICATE, false},
        {"-----BEGIN CERTIFICATE", 0, 22, SSO_LABEL_CERTIFICATE, false},
        {"-----BEGIN CERTIFICATE -----", 0, 28, SSO_LABEL_CERTIFICATE, false},
        {"-----BEGIN CERTIFICATE ", 0, 22, SSO_LABEL_CERTIFICATE, false},
        {"----- BEGIN CERTIFICATE", 0, 23, SSO_LABEL_CERTIFICATE, false},
        {"BEGIN CERTIFICATE", 0, 17, SSO_LABEL_CERTIFICATE, false},
        {" BEGIN CERTIFICATE\n", 1, 18, SSO_LABEL_CERTIFICATE, false},
        {"BEGIN_CERTIFICATE\n", 0, 17, SSO_LABEL_CERTIFICATE, false},
        {"END X509 CRL\n", 0, 12, SSO_LABEL_CRL, false},
        {"--BEGIN FOO--", 0, 13, SSO_LABEL_OTHER, false},
        {"xBEGIN CERTIFICATE\n", -1, 0, SSO_LABEL_NONE, false},
        {"BEGIN CERTIFICATES\n", -1, 0, SSO_LABEL_NONE, false},
        {"BEGINCERTIFICATE\n", -1, 0, SSO_LABEL_NONE, false},
        {"begin certificate\n", -1, 0, SSO_LABEL_NONE, false},
        {"--BEGIN FOO\n--", -1, 0, SSO_LABEL_NONE, false},
        {"-BEGIN FOO-", -1, 0, SSO_LABEL_NONE, false},
        {"the end of it", -1, 0, SSO_LABEL_NONE, false},
        {"BEGIN", -1, 0, SSO_LABEL_NONE, false},
        {"E", -1, 0, SSO_LABEL_NONE, false},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_certificate_marker m;
        const char *text = rows[i].text;
        bool found = sso_certificate_next_marker(text, strlen(text), 0, &m);
        if (!CHECK(found == (rows[i].from >= 0)) ||
            !CHECK(!found ||
                   ((int)m.from == rows[i].from && (int)m.to == rows[i].to &&
                    m.label == rows[i].label && m.exact == rows[i].exact)))
            printf("    row %d: %s\n", (int)i, text);
    }
}

/* ---- plain text ----------------------------------------------------------- */

static void plain_text(void)
{
    static const struct {
        const char *text;
        size_t len;
        const char *plain;
        unsigned mended;
    } rows[] = {
        {"", 0, "", 0},
        {"\xFF", 1, "\xFF", 0},
        {"\xFF\xFE"
         "a\0b\0",
         6, "ab", SSO_MENDED_UTF16},
        {"\xFE\xFF\0a\0b", 6, "ab", SSO_MENDED_UTF16},
        {"\xFE\xFE", 2, "\xFE\xFE", 0},
        {"a\0b", 3, "ab", SSO_MENDED_ZEROS},
        {"a<b", 3, "a<b", 0},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_certificate_plain p;
        CHECK(sso_certificate_plain_make(&p, rows[i].text, rows[i].len) ==
              SSO_OK);
        CHECK_TEXT(p.data, rows[i].plain);
        CHECK(p.len == strlen(rows[i].plain));
        if (!CHECK(p.mended == rows[i].mended))
            printf("    row %d: %x\n", (int)i, p.mended);
        sso_certificate_plain_free(&p);
    }
}

/* ---- nearly a private key ------------------------------------------------- */

/* Hexadecimal digits, two a byte, spaces between. */
static size_t bytes_of(const char *hex, unsigned char *out)
{
    size_t n = 0;
    char pair[3] = "";
    while (*hex != '\0') {
        if (*hex == ' ') {
            hex++;
            continue;
        }
        pair[0] = hex[0];
        pair[1] = hex[1];
        out[n++] = (unsigned char)strtoul(pair, NULL, 16);
        hex += 2;
    }
    return n;
}

#define RSA_OID "06092A864886F70D010101"
#define ED_OID  "06032B6570"
#define PBE_OID "06092A864886F70D01050D"
#define ZEROS   "0000000000000000 0000000000000000"

static void secrets_in_der(void)
{
    static const struct {
        const char *hex;
        bool secret;
    } rows[] = {
        /* PKCS#8: version, algorithm, octets */
        {"302E 020100 3005 " ED_OID " 0422" ZEROS, true},
        {"00 302E 020100 3005 " ED_OID " 0422" ZEROS, true},
        {"302E 020101 3005 " ED_OID " 0422" ZEROS, true},
        {"302E 020100 3005 " ED_OID, true}, /* cut off behind it */
        {"302E 020100 3005 06032B65", false},
        {"302E 020100 3005 06032B6599", false},
        {"302E 020100 3005 06032B6599 0422", true},
        {"302E 020100 3005 " ED_OID " 0322" ZEROS, false},
        {"302E 020100 3005 0C032B6570 0422", false},
        {"302E 020100 3105 " ED_OID " 0422", false},
        {"302E 020102 3005 " ED_OID " 0422", false},
        {"302E 02020100 3005 " ED_OID " 0422", false},
        {"302E 0201", false},
        {"302E 020100", false},
        {"302E 02", false},
        {"302E", false},
        {"300A 020100 3005 " ED_OID, false}, /* too short to be one */
        /* PKCS#1 and DSA: version, a long number */
        {"3082025D 020100 02818100", true},
        {"3082025D 020100 020F00", false},
        {"3082025D 020100 0210", true},
        {"3082025D 020100 02", false},
        /* EC: version 1, octets */
        {"3077 020101 0420", true},
        {"3077 020101 040E", true},
        {"3077 020101 040D", false},
        {"3077 020101 0448", true},
        {"3077 020101 0449", false},
        {"3077 020100 0420", false},
        {"3077 020101 04", false},
        /* PKCS#12: version 3, PKCS#7 data */
        {"308209 020103", false},
        {"30820900 020103 308208 06092A864886F70D010701", false},
        {"30820900 020103 30820800 06092A864886F70D010701", true},
        {"30820900 020103 30820800 06092A864886F70D010901", false},
        {"30820900 020103 30820800 0C", false},
        {"30820900 020103 3182", false},
        /* encrypted PKCS#8: algorithm, octets */
        {"3082010E 3040 " PBE_OID, true},
        {"3082010E 3040 06092A864886F70D010101", false},
        {"3082010E 3040 060A2A864886F70D010C0103", true},
        {"3082010E 300B " PBE_OID " 0482", true},
        {"3082010E 300B " PBE_OID " 0382", false},
        {"3082010E 300B 06092A864886F70D010B0D 0482", false},
        {"3082010E 3140 " PBE_OID, false},
        /* OpenSSH's own */
        {"6F70656E7373682D6B65792D7631", true},
        {"6F70656E7373682D6B65792D76", false},
        {"6F70656E7373682D6B65792D7632", false},
    };
    unsigned char der[128];
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        size_t len = bytes_of(rows[i].hex, der);
        if (!CHECK(sso_certificate_secret_in_der(der, len) == rows[i].secret))
            printf("    row %d: %s\n", (int)i, rows[i].hex);
    }
}

static void secrets_in_text(void)
{
    static const struct {
        const char *text;
        bool secret;
    } rows[] = {
        {"BEGIN PRIVATE KEY", true},
        {"END RSA PRIVATE KEY", true},
        {"-BEGIN private key", true},
        {"- BEGIN private key", true},
        {"begin private key-", true},
        {"begin private key -", true},
        {"begin private key block-", true},
        {"begin private key block -", true},
        {"begin private key", false},
        {"Begin PRIVATE KEY", true},
        {"begin PRIVATE KEY", false},
        {"BEGIN private KEY", false},
        {"BEGIN PRIVATE key", false},
        {"xBEGIN PRIVATE KEY", false},
        {"BEGIN a private matter", false},
        {"BEGIN PRIVATE", false},
        {"PRIVATE KEY", false},
        {"BEGIN far too many words of any kind PRIVATE KEY", false},
        {"- private key, PRIVATE KEY, the end", false},
        {"\"kty\":\"RSA\"", false},
        {"\"d\":1", false},
        {"\"kty\":\"EC\",\"d\":1", true},
        {"<RSAKeyValue><Modulus>", false},
        {"<RSAKeyValue><D>", true},
        {"Proc-Type: 4,ENCRYPTED", false},
        {"Proc-Type: 4,ENCRYPTED\nDEK-Info: x", true},
        {"PuTTY-User-Key-File-3: x", false},
        {"b3BlbnNzaC1rZXktdj", true},
        {"b3BlbnNzaC1rZXktd", false},
        {"b3BlbnNzaC1rZXktdx", false},
        {"MC4CAQAwBQYDK2VwBCIEIA", true}, /* Ed25519 */
        {"MC4CAQIwBQYDK2VwBCIEIA", false},
        {"MC4CAQ", false},
        {"M", false},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (!CHECK(sso_certificate_secret_in_text(
                       rows[i].text, strlen(rows[i].text)) == rows[i].secret))
            printf("    row %d: %s\n", (int)i, rows[i].text);
}

/* ---- blocks --------------------------------------------------------------- */

/* 51 bytes of DER: a SEQUENCE that holds one, but no certificate. */
#define HEAD     "MDEwLwAA"
#define ZEROS_64 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define WHOLE    HEAD ZEROS_64

static void blocks_of_a_text(void)
{
    static const struct {
        const char *text;
        size_t count;
        enum sso_block_fault fault; /* of the last */
        unsigned mended;            /* that the text is, at least */
    } rows[] = {
        {"", 0, SSO_BLOCK_WHOLE, 0},
        {WHOLE, 1, SSO_BLOCK_WHOLE, 0},
        {"\"" WHOLE "\"", 1, SSO_BLOCK_WHOLE, 0},
        {"> '" WHOLE "'", 1, SSO_BLOCK_WHOLE, 0},
        {"so: " WHOLE, 1, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {WHOLE " " WHOLE, 1, SSO_BLOCK_WHOLE, 0},
        {"MDEwLwAA", 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND}, /* too short */
        {"MTEwLwAA" ZEROS_64, 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"MBEwLwAA" ZEROS_64, 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"MIAwLwAA" ZEROS_64, 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"MDExLwAA" ZEROS_64, 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"MDEGLwAA" ZEROS_64, 1, SSO_BLOCK_WHOLE, 0},
        {"MGEwLwAA" ZEROS_64, 1, SSO_BLOCK_CUT, 0},
        {"MGEwLwAA" ZEROS_64 "*rest of it " WHOLE, 2, SSO_BLOCK_WHOLE, 0},
        {"MGEwLwAA" ZEROS_64 "*rest", 1, SSO_BLOCK_BROKEN, 0},
        {BEGIN "\n" HEAD "\n" END, 1, SSO_BLOCK_EMPTY, 0},
        {BEGIN "\n" WHOLE "\n" END, 1, SSO_BLOCK_WHOLE, 0},
        {BEGIN "\nMGEwLwAA" ZEROS_64 "* " WHOLE "\n" END, 1, SSO_BLOCK_BROKEN,
         0},
        {"LS0tLS1CRUdJTi", 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"LS0tLS1CRUdJTiBD", 0, SSO_BLOCK_WHOLE, SSO_MENDED_TWICE},
        {"LS0tLS1CRUdJTkBDA", 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"0\x85 no DER", 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"0\x7F no DER", 0, SSO_BLOCK_WHOLE, SSO_MENDED_AROUND},
        {"0\x80 no length", 1, SSO_BLOCK_CUT, 0},
        {"0\x84\x01\x01\x01\x01", 1, SSO_BLOCK_CUT, 0},
        {"0\x81\x03xyz", 1, SSO_BLOCK_WHOLE, 0},
    };
    size_t i;
    for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct sso_certificate_blocks b;
        const char *text = rows[i].text;
        bool held;
        memset(&b, 0, sizeof(b));
        held = CHECK(sso_certificate_split(&b, text, strlen(text)) == SSO_OK);
        held = CHECK(b.count == rows[i].count) && held;
        held = CHECK(!b.private_key) && held;
        held = CHECK((b.mended & rows[i].mended) == rows[i].mended) && held;
        if (b.count > 0)
            held = CHECK(b.items[b.count - 1].fault == rows[i].fault) && held;
        if (!held)
            printf(
                "    row %d: %d blocks, fault %d, %x\n", (int)i, (int)b.count,
                b.count > 0 ? (int)b.items[b.count - 1].fault : -1, b.mended);
        sso_certificate_blocks_free(&b);
    }
}

/* A key behind other DER, whatever its place within base64's threes. */
static void a_key_in_the_middle_of_base64(void)
{
    static const char hex[] = "302E 020100 3005 " ED_OID " 0422" ZEROS ZEROS;
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t pad;
    for (pad = 0; pad < 3; pad++) {
        struct sso_certificate_blocks b;
        unsigned char der[256] = {0x30, 0x31, 0x30, 0x2F};
        char text[400];
        size_t len = 51 + pad + bytes_of(hex, der + 51 + pad);
        size_t i;
        if (pad > 0) { /* another value between, two bytes or one */
            der[51] = 0x30;
        }
        for (i = 0; i * 3 < len; i++) {
            unsigned long three = (unsigned long)der[3 * i] << 16 |
                                  (unsigned long)der[3 * i + 1] << 8 |
                                  der[3 * i + 2];
            text[4 * i] = digits[three >> 18 & 63];
            text[4 * i + 1] = digits[three >> 12 & 63];
            text[4 * i + 2] = digits[three >> 6 & 63];
            text[4 * i + 3] = digits[three & 63];
        }
        text[4 * i] = '\0';
        memset(&b, 0, sizeof(b));
        CHECK(sso_certificate_split(&b, text, strlen(text)) == SSO_OK);
        CHECK(b.private_key);
        sso_certificate_blocks_free(&b);
    }
}

int main(void)
{
    check_case("heads of DER", heads_of_der);
    check_case("strict PEM", strict_pem);
    check_case("markers", markers);
    check_case("plain text", plain_text);
    check_case("secrets in DER", secrets_in_der);
    check_case("secrets in text", secrets_in_text);
    check_case("blocks of a text", blocks_of_a_text);
    check_case("a key in the middle of base64", a_key_in_the_middle_of_base64);
    return check_end();
}
