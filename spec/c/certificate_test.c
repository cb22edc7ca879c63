/*
 * certificate_test.c - sso_certificate_screen from outside: what may be sent,
 * what goes out mended, and what is refused with which sentence.
 *
 * Keys and certificates are made by the openssl program, in the folder that
 * argv[1] names or in one of its own.
 */
#include "../../src/certificate.h"

#include "certificate_rows.h"
#include "check.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The case at hand, whose verdict is known before it is reported. */
static bool held;
static const char *reason;

static void report(void)
{
    if (!CHECK(held))
        printf("    %s\n", reason);
}

static void check(bool ok, const char *name, const char *what)
{
    held = ok;
    reason = what;
    check_case(name, report);
}

/* ---- texts --------------------------------------------------------------- */

static char folder[512];

/* sso_buffer zero-terminates, but knows its length: texts hold zero bytes. */
static void add(struct sso_buffer *b, const void *data, size_t len)
{
    if (sso_buffer_append(b, data, len) != SSO_OK) {
        printf("certificate_test: no memory\n");
        exit(1);
    }
}

static void add_file(struct sso_buffer *b, const char *name)
{
    char path[600];
    char part[4096];
    size_t n;
    FILE *f;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "rb");
    if (f == NULL) {
        printf("certificate_test: openssl did not make %s\n", name);
        exit(1);
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        add(b, part, n);
    fclose(f);
}

/* A file in UTF-16, little-endian, as PowerShell writes it. */
static void add_wide(struct sso_buffer *b, const char *name)
{
    struct sso_buffer narrow;
    size_t i;
    sso_buffer_init(&narrow, 0);
    add_file(&narrow, name);
    add(b, "\xFF\xFE", 2);
    for (i = 0; i < narrow.len; i++) {
        add(b, narrow.data + i, 1);
        add(b, "", 1);
    }
    sso_buffer_free(&narrow);
}

static void add_part(struct sso_buffer *b, const char *part)
{
    if (strcmp(part, "@0") == 0)
        add(b, "", 1);
    else if (strncmp(part, "@@", 2) == 0)
        add_wide(b, part + 2);
    else if (part[0] == '@')
        add_file(b, part + 1);
    else
        add(b, part, strlen(part));
}

/* Every "from" becomes "to". */
static void replace(struct sso_buffer *b, const char *from, const char *to)
{
    struct sso_buffer out;
    const size_t n = strlen(from);
    size_t i = 0;
    sso_buffer_init(&out, 0);
    add(&out, "", 0);
    while (i < b->len) {
        if (b->len - i >= n && memcmp(b->data + i, from, n) == 0) {
            add(&out, to, strlen(to));
            i += n;
        } else {
            add(&out, b->data + i, 1);
            i++;
        }
    }
    sso_buffer_free(b);
    *b = out;
}

/* ---- running them --------------------------------------------------------- */

static void build(struct sso_buffer *text, const struct row *row)
{
    const char *part = row->text;
    char name[128];
    sso_buffer_init(text, 0);
    add(text, "", 0);
    while (part != NULL) {
        const char *end = strchr(part, '|');
        const size_t n = end != NULL ? (size_t)(end - part) : strlen(part);
        snprintf(name, sizeof(name), "%.*s", (int)n, part);
        add_part(text, name);
        part = end != NULL ? end + 1 : NULL;
    }
    if (row->from != NULL)
        replace(text, row->from, row->to);
}

/* Does the message repeat 20 bytes in a row of the text? */
static bool repeats(const char *message, const struct sso_buffer *text)
{
    char window[21];
    size_t i;
    for (i = 0; i + 20 <= text->len; i++) {
        memcpy(window, text->data + i, 20);
        window[20] = '\0';
        if (strlen(window) == 20 && strstr(message, window) != NULL)
            return true;
    }
    return false;
}

enum expected { AS_IS, MENDED, REFUSED };

/* What is wrong with this verdict; NULL: nothing. */
static const char *fault(enum expected expected, const char *says,
                         enum sso_kind kind, const struct sso_buffer *clean,
                         const char *message, const struct sso_buffer *text)
{
    struct sso_buffer pem;
    bool same;
    if (expected == REFUSED) {
        if (kind != SSO_CERTIFICATE)
            return "it was not refused";
        if (clean->len > 0)
            return "refused, and yet something is to be sent";
        if (strstr(message, says) == NULL)
            return message;
        if (strchr(message, '\n') != NULL || repeats(message, text))
            return "the message is no line or repeats the text";
        return NULL;
    }
    if (kind != SSO_OK)
        return message;
    if (expected == AS_IS)
        return clean->len == 0 ? NULL : "it was rewritten";
    sso_buffer_init(&pem, 0);
    add_file(&pem, "rsa.pem");
    same = clean->len == pem.len && memcmp(clean->data, pem.data, pem.len) == 0;
    sso_buffer_free(&pem);
    return same ? NULL : "what goes out is not the clean PEM";
}

static void run_row(const struct row *row, enum expected expected,
                    bool validate, const char *what)
{
    const char *says = row->says != NULL ? row->says : "a private key";
    struct sso_buffer text;
    struct sso_buffer clean;
    char message[512] = "";
    char name[160];
    const char *wrong;
    enum sso_kind kind;
    unsigned long first = ERR_peek_error();
    unsigned long last = ERR_peek_last_error();
    build(&text, row);
    sso_buffer_init(&clean, 0);
    kind = sso_certificate_screen(text.data, text.len, validate, &clean,
                                  message, sizeof(message));
    wrong = fault(expected, says, kind, &clean, message, &text);
    if (wrong == NULL &&
        (ERR_peek_error() != first || ERR_peek_last_error() != last))
        wrong = "OpenSSL's error queue has changed";
    snprintf(name, sizeof(name), "%s: %s", what, row->name);
    check(wrong == NULL, name, wrong);
    sso_buffer_free(&clean);
    sso_buffer_free(&text);
}

#define ROWS(a) (a), sizeof(a) / sizeof((a)[0])

static void run_rows(const struct row *rows, size_t n, enum expected expected,
                     bool validate, const char *what)
{
    size_t i;
    for (i = 0; i < n; i++)
        run_row(&rows[i], expected, validate, what);
}

/* ---- what no row can say --------------------------------------------------- */

static bool openssl_reads(const struct sso_buffer *text)
{
    BIO *bio = BIO_new_mem_buf(text->data, (int)text->len);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    X509_free(x);
    BIO_free(bio);
    return x != NULL;
}

/* Lines of this many characters. */
static void fold(struct sso_buffer *out, const char *digits, size_t width)
{
    size_t i;
    sso_buffer_init(out, 0);
    add(out, BEGIN "\n", sizeof(BEGIN));
    for (i = 0; digits[i] != '\0'; i++) {
        add(out, digits + i, 1);
        if ((i + 1) % width == 0 && digits[i + 1] != '\0')
            add(out, "\n", 1);
    }
    add(out, "\n" END "\n", sizeof(END) + 1);
}

/*
 * Any width goes out as it is, or mended where PEM readers fail on it; what
 * goes out is never something that OpenSSL itself cannot read.
 */
static void test_widths(void)
{
    struct sso_buffer digits;
    struct sso_buffer text;
    struct sso_buffer clean;
    char message[512];
    enum sso_kind kind;
    size_t width;
    size_t kept = 0;
    size_t unreadable = 0;
    sso_buffer_init(&digits, 0);
    add_file(&digits, "rsa.pem");
    replace(&digits, BEGIN, "");
    replace(&digits, END, "");
    replace(&digits, "\n", "");
    for (width = 1; width <= 2000; width += width < 300 ? 1 : 100) {
        fold(&text, digits.data, width);
        sso_buffer_init(&clean, 0);
        kind = sso_certificate_screen(text.data, text.len, true, &clean,
                                      message, sizeof(message));
        if (kind != SSO_OK || !openssl_reads(clean.len > 0 ? &clean : &text))
            unreadable++;
        if (clean.len == 0 && (width == 64 || width == 76 || width > 1500))
            kept++;
        sso_buffer_free(&clean);
        sso_buffer_free(&text);
    }
    check(unreadable == 0, "PEM of any width goes out readable",
          "OpenSSL cannot read some of them");
    check(kept == 7, "64, 76 and all on one line go out as they are",
          "they were rewritten");
    sso_buffer_free(&digits);
}

static void test_sizes(void)
{
    struct sso_buffer text;
    struct sso_buffer clean;
    char message[512] = "";
    enum sso_kind kind;
    sso_buffer_init(&text, 0);
    sso_buffer_init(&clean, 0);
    while (text.len < SSO_CERTIFICATE_MAX_SENT)
        add(&text, "x", 1);
    kind = sso_certificate_screen(text.data, text.len, false, &clean, message,
                                  sizeof(message));
    check(kind == SSO_OK && clean.len == 0, "256 KiB may be sent", message);
    add(&text, "x", 1);
    kind = sso_certificate_screen(text.data, text.len, false, &clean, message,
                                  sizeof(message));
    check(kind == SSO_CERTIFICATE && strstr(message, "262144 bytes"),
          "a byte more may not", message);
    sso_buffer_free(&text);
    sso_buffer_free(&clean);
}

/* ---- certificates --------------------------------------------------------- */

static const char *const script[] = {
    "set -e; cd \"$SSO_FOLDER\"; exec 2>openssl.log",
    "make() { name=$1; shift",
    " openssl req -x509 -nodes -config cnf -days 3650 -subj \"/CN=$name\" \\",
    "  -keyout $name.key -out $name.pem \"$@\"",
    " openssl x509 -in $name.pem -outform DER -out $name.der",
    " openssl pkcs8 -topk8 -nocrypt -in $name.key -outform DER \\",
    "  -out $name.k8.der; }",
    "make rsa -newkey rsa:2048 -set_serial 2748",
    "make ec -newkey ec -pkeyopt ec_paramgen_curve:P-256",
    "make ed -newkey ed25519 -set_serial 2748",
    "make e2 -newkey ed25519 -set_serial 2748",
    "make pss -newkey rsa-pss -pkeyopt rsa_keygen_bits:2048",
    "openssl req -new -config cnf -key rsa.key -subj /CN=rsa -out rsa.csr",
    "openssl ca -batch -selfsign -config cnf -in rsa.csr -keyfile rsa.key \\",
    " -startdate 20200101000000Z -enddate 20210101000000Z -notext \\",
    " -out old.pem",
    "openssl ca -gencrl -config cnf -cert rsa.pem -keyfile rsa.key \\",
    " -crldays 9 -out rsa.crl",
    "openssl x509 -in rsa.pem -trustout -addtrust serverAuth -out trusted.pem",
    "openssl crl2pkcs7 -nocrl -certfile rsa.pem -out rsa.p7b",
    "openssl pkey -in rsa.key -pubout -out rsa.pub",
    "openssl rsa -in rsa.key -RSAPublicKey_out -out rsa.pub1",
    "openssl pkcs12 -export -in rsa.pem -inkey rsa.key -passout pass:x \\",
    " -out rsa.p12",
    "openssl pkcs8 -topk8 -in rsa.key -passout pass:x -out rsa.enc.pem",
    "openssl pkcs8 -topk8 -in rsa.key -passout pass:x -outform DER \\",
    " -out rsa.enc.der",
    "old() { openssl rsa -in rsa.key -traditional \"$@\" || ",
    " openssl rsa -in rsa.key \"$@\"; }", /* 1.1.1 knows no other form */
    "old -out rsa.k1.pem; old -outform DER -out rsa.k1.der",
    "old -aes128 -passout pass:x -out rsa.k1enc.pem",
    "openssl ec -in ec.key -out ec.k1.pem",
    "openssl ec -in ec.key -outform DER -out ec.k1.der",
    "openssl base64 -A -in rsa.pem -out rsa.b64",
    "openssl base64 -A -in rsa.key -out key.b64",
    "bare() { grep -v -e - $1 >$2; }",
    "for name in rsa ec ed; do",
    " bare $name.pem $name.bare; bare $name.key $name.key.bare; done",
    "bare ec.k1.pem ec.k1.bare",
    "head -c 600 rsa.pem >cut.pem; head -c 300 rsa.der >cut.der",
    "grep -v -e - cut.pem >cut.bare",
    "head -c 500 rsa.key.bare >cut.key",
    NULL};

static const char config[] = "[ca]\ndefault_ca=d\n"
                             "[d]\ndatabase=index\nserial=serial\n"
                             "new_certs_dir=.\ndefault_md=sha256\npolicy=p\n"
                             "[p]\ncommonName=supplied\n"
                             "[req]\ndistinguished_name=dn\n"
                             "x509_extensions=v3\n[dn]\n"
                             "[v3]\nbasicConstraints=CA:TRUE\n";

static void write_file(const char *name, const char *text)
{
    char path[600];
    FILE *f;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    f = fopen(path, "w");
    if (f == NULL || fputs(text, f) == EOF || fclose(f) != 0) {
        printf("certificate_test: cannot write %s\n", path);
        exit(1);
    }
}

static bool make_certificates(void)
{
    struct sso_buffer text;
    int status;
    size_t i;
    sso_buffer_init(&text, 0);
    for (i = 0; script[i] != NULL; i++) {
        add(&text, script[i], strlen(script[i]));
        add(&text, "\n", 1);
    }
    write_file("make.sh", text.data);
    write_file("cnf", config);
    write_file("index", "");
    write_file("serial", "01\n");
    setenv("SSO_FOLDER", folder, 1);
    /* The compiler's own checkers are preloaded for this program alone. */
    status = system("unset LD_PRELOAD; sh \"$SSO_FOLDER/make.sh\"");
    sso_buffer_free(&text);
    return status == 0;
}

static void remove_folder(void)
{
    if (system("rm -rf \"$SSO_FOLDER\"") != 0)
        printf("# %s is left behind\n", folder);
}

/* An error of the program's own that nobody may take out of the queue. */
static void leave_an_error(void)
{
    const unsigned char byte = 'x';
    const unsigned char *p = &byte;
    X509_free(d2i_X509(NULL, &p, 1));
}

int main(int argc, char **argv)
{
    const bool own_folder = argc < 2;
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s%s",
             !own_folder ? argv[1]
             : tmp       ? tmp
                         : "/tmp",
             own_folder ? "/sso-certificate-XXXXXX" : "");
    if (own_folder && mkdtemp(folder) == NULL) {
        printf("certificate_test: cannot make %s\n", folder);
        return 1;
    }
    if (make_certificates()) {
        run_rows(ROWS(as_is), AS_IS, true, "as it is");
        run_rows(ROWS(mended), MENDED, true, "mended");
        leave_an_error();
        run_rows(ROWS(refused), REFUSED, true, "refused");
        run_rows(ROWS(private_keys), REFUSED, true, "key");
        run_rows(ROWS(private_keys), REFUSED, false, "key, not validated");
        run_rows(ROWS(anything), AS_IS, false, "not validated");
        ERR_clear_error();
        test_widths();
        test_sizes();
    } else {
        check(false, "openssl makes keys and certificates",
              "see openssl.log in argv[1]");
    }
    if (own_folder)
        remove_folder();
    return check_end();
}
