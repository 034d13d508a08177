/*
 * vak.h: the kit for writing skills in C.
 *
 *     #include "vak.h"
 *
 *     VAK_EXPORT(execute) {
 *         double number;
 *         if (!vak_get_double(vak_member(input, "number"), &number)) {
 *             return vak_fail("`number` is missing");      // {"error":"`number` is missing"}
 *         }
 *         vak_out out = vak_out_new();
 *         vak_object(&out);
 *         vak_key(&out, "half");
 *         vak_put_double(&out, number / 2);
 *         vak_end(&out);
 *         return vak_ok(&out);                             // {"half":2.5}
 *     }
 *
 * It is C11 without any library, and this one file. Whatever an input holds, nothing here reads or writes outside of it:
 * what does not fit is answered with `false`, with a value of the kind VAK_NONE, or with the skill's own error.
 *
 * An instance of a skill serves one call, so nothing is ever freed: all memory goes at once when the call ends. What is
 * allocated in total, not at any one time, must fit `max_memory_pages` of skill.yaml.
 *
 * Names that begin with `vak__` are the kit's own.
 */
#ifndef VAK_H
#define VAK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __wasm__ /* on any other machine only unit tests are compiled */
#include <stdlib.h>
#include <string.h>
#endif

/* ---- Text ----------------------------------------------------------------------------------------------------- */

/* UTF-8 of a known length; no byte behind it is promised to be there. */
typedef struct {
    const char *ptr;
    size_t len;
} vak_text;

/* The text of a literal. */
#define VAK_TEXT(literal) ((vak_text){ "" literal, sizeof(literal) - 1 })

/* The text of a string that ends with a zero byte. */
static inline vak_text vak_text_of(const char *string);

/* Whether they are the same, byte for byte. */
static inline bool vak_same(vak_text a, vak_text b);

/* A new text: `a`, then `b`. */
static inline vak_text vak_concat(vak_text a, vak_text b);

/* ---- Memory --------------------------------------------------------------------------------------------------- */

/* A new block of `count` times `size` bytes, all zero, fit for any type. It is never NULL: a skill that runs out of
 * memory ends there. */
static inline void *vak_new(size_t count, size_t size);

/* ---- Reading JSON --------------------------------------------------------------------------------------------- */

typedef enum { VAK_NONE, VAK_NULL, VAK_BOOL, VAK_NUMBER, VAK_STRING, VAK_ARRAY, VAK_OBJECT } vak_kind;

/* A value inside a text; `raw` is the value as it is written there. */
typedef struct {
    vak_text raw;
} vak_json;

/* The most collections that may lie within each other, as the host has it. */
#define VAK_MAX_DEPTH 127

/* The one value that `text` is; of the kind VAK_NONE if it is not JSON in UTF-8. */
static inline vak_json vak_parse(vak_text text);

/* What a value is; VAK_NONE if there is none. */
static inline vak_kind vak_kind_of(vak_json value);

/* The member of this name; of the kind VAK_NONE if there is none, or `object` is no object. */
static inline vak_json vak_member(vak_json object, const char *name);

/* Each of these says whether the value is of that type, and only then sets `*out`. */
static inline bool vak_get_bool(vak_json value, bool *out);
/* The text of a string, its escapes resolved. It may hold zero bytes. */
static inline bool vak_get_text(vak_json value, vak_text *out);
/* A whole number, however it is written (`100`, `1e2`, `100.0`), that fits. */
static inline bool vak_get_i64(vak_json value, int64_t *out);
/* The double that is nearest to the number, ties to even; not one beyond all doubles. */
static inline bool vak_get_double(vak_json value, double *out);

/* What is left of an array or an object. */
typedef struct {
    const char *at;
    const char *end;
    bool named;
} vak_items;

/* The items of an array or the members of an object, in their order; nothing of any other value.
 *
 *     vak_json item;
 *     for (vak_items items = vak_each(list); vak_next(&items, &item);) { ... }
 */
static inline vak_items vak_each(vak_json collection);
static inline bool vak_next(vak_items *items, vak_json *value);
/* The same with the name of each member; an item of an array has the empty one. */
static inline bool vak_next_member(vak_items *items, vak_text *name, vak_json *value);

/* ---- Writing JSON --------------------------------------------------------------------------------------------- */

/* A value that is being written. What is put into it wrongly, such as a member without a key, is found by `vak_ok`. */
typedef struct {
    char *ptr;
    size_t len;
    size_t cap;
    const char *wrong; /* what is wrong with it, if anything is */
    unsigned depth;
    uint8_t objects[(VAK_MAX_DEPTH + 7) / 8]; /* which of the open collections are objects, a bit for each */
    bool comma;                               /* the next item needs one */
    bool keyed;                               /* a key waits for its value */
    bool done;                                /* the value is complete */
} vak_out;

static inline vak_out vak_out_new(void);

/* Each begins a collection, and `vak_end` ends the innermost. */
static inline void vak_object(vak_out *out);
static inline void vak_array(vak_out *out);
static inline void vak_end(vak_out *out);

/* The name of the next value in an object. */
static inline void vak_key(vak_out *out, const char *name);
static inline void vak_key_text(vak_out *out, vak_text name);

static inline void vak_put_null(vak_out *out);
static inline void vak_put_bool(vak_out *out, bool value);
static inline void vak_put_i64(vak_out *out, int64_t value);
/* As ECMAScript and RFC 8785 write it: the shortest digits that read back as the same double. One that is not finite
 * has no JSON. */
static inline void vak_put_double(vak_out *out, double value);
static inline void vak_put_text(vak_out *out, vak_text text);
static inline void vak_put_string(vak_out *out, const char *string);
/* A value that was read, as it was written. */
static inline void vak_put_json(vak_out *out, vak_json value);

/* ---- Answering ------------------------------------------------------------------------------------------------ */

/* What an exported function returns. */
typedef struct {
    vak_text json;
    bool failed;
} vak_answer;

/* The skill's output. */
static inline vak_answer vak_ok(vak_out *out);
/* The skill's own error, `{"error":"why"}`. */
static inline vak_answer vak_fail(const char *why);
/* The skill's own error, in its own form. */
static inline vak_answer vak_fail_with(vak_out *out);

/* Makes the function that follows one of the module, as `exports` in skill.yaml lists it. It gets `vak_json input`. */
#define VAK_EXPORT(function) VAK_EXPORT_AS(function, #function)

/* ---- Asking the host ------------------------------------------------------------------------------------------ */

/* How a host call came out: it was done, the skill may not, or it could not be done. */
typedef enum { VAK_DONE, VAK_DENIED, VAK_FAILED } vak_status;

/* What the host says. If it was done, `bytes` are what was asked for, or JSON that `vak_parse` reads; and otherwise
 * `{"code":"fs.not_found","message":"..."}`. docs/format/host-calls.md has all of it. */
typedef struct {
    vak_status status;
    vak_text bytes;
} vak_response;

/* Why it was not done, such as `fs.not_found`; the empty text if it was. */
static inline vak_text vak_code(vak_response response);
/* Whether it was not done for this reason. */
static inline bool vak_has_code(vak_response response, const char *code);
/* The skill's own error about what was not done, `{"error":"fs.not_found: ..."}`. */
static inline vak_answer vak_fail_because(vak_response response);

/* Files and folders, by the capabilities `fs.read` and `fs.write`. The bytes of a file from `offset` on, at most `length`
 * and at most 16 MiB of them: there are fewer only where the file ends. */
static inline vak_response vak_fs_read(vak_text path, int64_t offset, int64_t length);
/* `{"entries":[{"name","kind"}]}`; the kinds are `file`, `folder`, `link` and `other`. */
static inline vak_response vak_fs_list(vak_text path);
/* `{"kind","size","links"}`. */
static inline vak_response vak_fs_stat(vak_text path);

/* The file's whole contents; a file that is not there yet, or `fs.exists`; behind what is there. */
typedef enum { VAK_REPLACE, VAK_CREATE, VAK_APPEND } vak_mode;
static inline vak_response vak_fs_write(vak_text path, vak_mode mode, vak_text contents);
static inline vak_response vak_fs_remove(vak_text path);
static inline vak_response vak_fs_rename(vak_text from, vak_text to);

/* HTTP, by the capability `net.http`: a method such as `GET`, a whole URL, headers, and a body, which may be empty. Headers
 * are an array of pairs that was read, `vak_parse(VAK_TEXT("[[\"accept\",\"text/plain\"]]"))`, or VAK_NO_HEADERS. */
#define VAK_NO_HEADERS vak_parse((vak_text){ NULL, 0 })
static inline vak_response vak_http_fetch(vak_text method, vak_text url, vak_json headers, vak_text body);
/* Of an answer: `{"status","url","headers":[["name","value"]]}`, and its body as it was sent. */
static inline vak_json vak_http_head(vak_response answer);
static inline vak_text vak_http_body(vak_response answer);

/* The skill's own store, by the capability `kv`. A key that is not there is `kv.not_found`. */
static inline vak_response vak_kv_get(vak_text key);
static inline vak_response vak_kv_set(vak_text key, vak_text value);
/* `{"existed"}`. */
static inline vak_response vak_kv_delete(vak_text key);
/* `{"keys":["..."],"more"}`: the first 1,000 keys that begin with `prefix` and come behind `after`. */
static inline vak_response vak_kv_list(vak_text prefix, vak_text after);

/* A line, by the capability `log`. */
typedef enum { VAK_DEBUG, VAK_INFO, VAK_WARN, VAK_ERROR } vak_level;
static inline vak_response vak_log(vak_level level, vak_text text);

/* `{"unix_ms"}`, by the capability `clock`. */
static inline vak_response vak_clock_now(void);
/* So many random bytes, 1 to 65,536, by the capability `random`. */
static inline vak_response vak_random(int64_t length);
/* `{"allowed","actions":[{"allowed","code","policies","reason"}]}` on an array of actions, by the capability
 * `verify_plan`. */
static inline vak_response vak_verify_plan(vak_json actions);
/* `{"text","tokens":{"input","output"},"model","finish"}`, what the operator's model says to an array of messages,
 * `{"role","content"}`, by the capability `reason`. The answer has at most `max_tokens`; with 0, as many as the operator
 * allows. */
static inline vak_response vak_reason(vak_json messages, int64_t max_tokens);

#ifndef __wasm__
/* The host of a unit test, which has none but the one that it sets here: without, every call is denied. */
typedef vak_response vak_host(const char *call, vak_text request, vak_text body);
__attribute__((weak)) vak_host *vak_test_host = NULL;
#endif

/* ---- The rest is how it works --------------------------------------------------------------------------------- */

#ifdef __wasm__
#define VAK_EXPORT_AS(function, name)                                                                                  \
    static vak_answer function(vak_json input);                                                                        \
    __attribute__((export_name(name))) int64_t vak__export_##function(uint32_t ptr, uint32_t len);                     \
    int64_t vak__export_##function(uint32_t ptr, uint32_t len) { return vak__serve(ptr, len, function); }              \
    static vak_answer function(vak_json input __attribute__((unused)))

/* One for all sources of a skill, in however many of them this file is included. */
#define VAK__SHARED __attribute__((weak, visibility("hidden")))

/* What a compiler calls without being asked to. */
VAK__SHARED void *memcpy(void *restrict to, const void *restrict from, size_t len);
VAK__SHARED void *memmove(void *to, const void *from, size_t len);
VAK__SHARED void *memset(void *to, int byte, size_t len);
VAK__SHARED int memcmp(const void *a, const void *b, size_t len);
VAK__SHARED size_t strlen(const char *string);
VAK__SHARED __int128 __multi3(__int128 a, __int128 b);

#ifdef __wasm_bulk_memory__
void *memcpy(void *restrict to, const void *restrict from, size_t len) { return __builtin_memcpy(to, from, len); }
void *memmove(void *to, const void *from, size_t len) { return __builtin_memmove(to, from, len); }
void *memset(void *to, int byte, size_t len) { return __builtin_memset(to, byte, len); }
#else
#error "compile with -mbulk-memory, as vak-skill-build does"
#endif

int memcmp(const void *a, const void *b, size_t len) {
    const unsigned char *x = a, *y = b;
    for (size_t i = 0; i < len; i++) {
        if (x[i] != y[i]) {
            return x[i] - y[i];
        }
    }
    return 0;
}

size_t strlen(const char *string) {
    size_t len = 0;
    while (string[len]) {
        len++;
    }
    return len;
}

/* The product in 128 bits, which optimisers use in sums of a series, from products of 32 bits each. */
__int128 __multi3(__int128 a, __int128 b) {
    unsigned __int128 x = (unsigned __int128)a, y = (unsigned __int128)b;
    uint64_t x_low = (uint64_t)x & 0xffffffff, x_high = (uint64_t)x >> 32;
    uint64_t y_low = (uint64_t)y & 0xffffffff, y_high = (uint64_t)y >> 32;
    uint64_t low = x_low * y_low, one = x_low * y_high, other = x_high * y_low;
    uint64_t middle = (low >> 32) + (one & 0xffffffff) + (other & 0xffffffff);
    uint64_t high = x_high * y_high + (one >> 32) + (other >> 32) + (middle >> 32);
    high += (uint64_t)(x >> 64) * (uint64_t)y + (uint64_t)x * (uint64_t)(y >> 64);
    return (__int128)((unsigned __int128)high << 64 | (middle << 32 | (low & 0xffffffff)));
}

/* The linker's: where the memory begins that holds no data of the module. */
extern unsigned char __heap_base;

/* The end of the last block; 0 before the first. */
VAK__SHARED uint32_t vak__top = 0;
/* The block that waits for the host's input, and its length; 0 for none. */
VAK__SHARED uint32_t vak__inbox = 0;
VAK__SHARED uint32_t vak__inbox_len = 0;

/* Makes all memory below `end` usable and that the top, if there is so much. Pointers of ABI 1 have 31 bits. */
static inline bool vak__raise(uint64_t end) {
    uint64_t pages = (end + 65535) >> 16, present = __builtin_wasm_memory_size(0);
    if (end >> 31 || (pages > present && __builtin_wasm_memory_grow(0, (size_t)(pages - present)) == SIZE_MAX)) {
        return false;
    }
    vak__top = (uint32_t)end;
    return true;
}

/* Blocks lie one after the other and no byte is given out twice, so all of them are zero, as the engine made them. */
static inline void *vak__try_new(size_t bytes) {
    uint64_t start = vak__top ? vak__top : (uint64_t)(uintptr_t)&__heap_base;
    start = (start + 15) & ~(uint64_t)15;
    return vak__raise(start + bytes) ? (void *)(uintptr_t)start : NULL;
}

/* The block with `cap` bytes: in its place if it was the last one, and else a copy of it. */
static inline char *vak__regrow(char *block, size_t old, size_t cap) {
    if (old && (uint64_t)(uintptr_t)block + old == vak__top && vak__raise((uint64_t)(uintptr_t)block + cap)) {
        return block;
    }
    char *grown = vak_new(cap, 1);
    memcpy(grown, block, old);
    return grown;
}

/* Makes room for the input: an export of ABI 1. An answer of 0 is refused by the host. */
__attribute__((weak, export_name("vak_alloc"))) uint32_t vak_alloc(uint32_t len);
uint32_t vak_alloc(uint32_t len) {
    vak__inbox = (uint32_t)(uintptr_t)vak__try_new(len);
    vak__inbox_len = len;
    return vak__inbox;
}

/* Only the block that was made for it is ever read as the input, and once. */
static inline int64_t vak__serve(uint32_t ptr, uint32_t len, vak_answer (*function)(vak_json)) {
    vak_json input = { { NULL, 0 } };
    if (ptr && ptr == vak__inbox && len == vak__inbox_len) {
        input = vak_parse((vak_text){ (const char *)(uintptr_t)ptr, len });
    }
    vak__inbox = 0;
    vak_answer answer = vak_kind_of(input) == VAK_NONE ? vak_fail("input: not JSON") : function(input);
    uint64_t packed = (uint64_t)answer.failed << 63 | (uint64_t)(uintptr_t)answer.json.ptr << 32 | answer.json.len;
    return (int64_t)packed;
}

#else /* a unit test calls the function itself */
#define VAK_EXPORT_AS(function, name) vak_answer function(vak_json input __attribute__((unused)))

static inline void *vak__try_new(size_t bytes) { return calloc(bytes ? bytes : 1, 1); }

static inline char *vak__regrow(char *block, size_t old, size_t cap) {
    char *grown = vak_new(cap, 1);
    if (old) {
        memcpy(grown, block, old);
    }
    return grown;
}
#endif

static inline void *vak_new(size_t count, size_t size) {
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : vak__try_new(bytes);
    if (!block) {
        __builtin_trap();
    }
    return block;
}

static inline vak_text vak_text_of(const char *string) { return (vak_text){ string, strlen(string) }; }

static inline bool vak_same(vak_text a, vak_text b) {
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline vak_text vak_concat(vak_text a, vak_text b) {
    size_t len;
    if (__builtin_add_overflow(a.len, b.len, &len)) {
        __builtin_trap();
    }
    char *both = vak_new(len, 1);
    if (a.len) {
        memcpy(both, a.ptr, a.len);
    }
    if (b.len) {
        memcpy(both + a.len, b.ptr, b.len);
    }
    return (vak_text){ both, len };
}

/* ---- Scanning. Each function is given where to begin and where the text ends. It answers where what it looked for is
 * over, or NULL if it is not there; it reads nothing at or behind the end. ---- */

static inline const char *vak__space(const char *at, const char *end) {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
        at++;
    }
    return at;
}

static inline bool vak__is_digit(char c) { return c >= '0' && c <= '9'; }

static inline const char *vak__word(const char *at, const char *end, const char *word) {
    for (; *word; word++, at++) {
        if (at == end || *at != *word) {
            return NULL;
        }
    }
    return at;
}

/* One character of UTF-8, as RFC 3629 has it: no longer than need be, no surrogate, none beyond U+10FFFF. */
static inline const char *vak__utf8(const char *at, const char *end) {
    const unsigned char *byte = (const unsigned char *)at;
    size_t left = (size_t)(end - at);
    if (left == 0) {
        return NULL;
    }
    if (byte[0] < 0x80) {
        return at + 1;
    }
    size_t len = byte[0] < 0xc2 ? 0 : byte[0] < 0xe0 ? 2 : byte[0] < 0xf0 ? 3 : byte[0] < 0xf5 ? 4 : 0;
    if (len == 0 || left < len) {
        return NULL;
    }
    unsigned low = byte[0] == 0xe0 ? 0xa0 : byte[0] == 0xf0 ? 0x90 : 0x80;
    unsigned high = byte[0] == 0xed ? 0x9f : byte[0] == 0xf4 ? 0x8f : 0xbf;
    if (byte[1] < low || byte[1] > high) {
        return NULL;
    }
    for (size_t i = 2; i < len; i++) {
        if (byte[i] < 0x80 || byte[i] > 0xbf) {
            return NULL;
        }
    }
    return at + len;
}

static inline const char *vak__hex4(const char *at, const char *end, uint32_t *value) {
    *value = 0;
    for (int i = 0; i < 4; i++, at++) {
        if (at == end) {
            return NULL;
        }
        char low = *at | 0x20;
        if (vak__is_digit(*at)) {
            *value = *value << 4 | (uint32_t)(*at - '0');
        } else if (low >= 'a' && low <= 'f') {
            *value = *value << 4 | (uint32_t)(low - 'a' + 10);
        } else {
            return NULL;
        }
    }
    return at;
}

static inline unsigned vak__encode(uint32_t c, char bytes[4]) {
    if (c < 0x80) {
        bytes[0] = (char)c;
        return 1;
    }
    unsigned len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = len; i-- > 1; c >>= 6) {
        bytes[i] = (char)(0x80 | (c & 0x3f));
    }
    bytes[0] = (char)((0xf00 >> len & 0xff) | c);
    return len;
}

/* What is left of an escape behind its `\u`: two of them are one character beyond U+FFFF, and no half stands alone. */
static inline const char *vak__unicode(const char *at, const char *end, uint32_t *c) {
    at = vak__hex4(at, end, c);
    if (!at || *c < 0xd800 || *c > 0xdfff) {
        return at;
    }
    uint32_t low = 0;
    at = *c > 0xdbff ? NULL : vak__word(at, end, "\\u");
    at = at ? vak__hex4(at, end, &low) : NULL;
    if (!at || low < 0xdc00 || low > 0xdfff) {
        return NULL;
    }
    *c = 0x10000 + ((*c - 0xd800) << 10) + (low - 0xdc00);
    return at;
}

/* One character of a string, escaped or not, and the bytes that it means. */
static inline const char *vak__character(const char *at, const char *end, char bytes[4], unsigned *count) {
    if (at == end || (unsigned char)*at < 0x20) {
        return NULL;
    }
    if (*at != '\\') {
        const char *next = vak__utf8(at, end);
        *count = next ? (unsigned)(next - at) : 0;
        for (unsigned i = 0; i < *count; i++) {
            bytes[i] = at[i];
        }
        return next;
    }
    if (++at == end) {
        return NULL;
    }
    uint32_t c;
    switch (*at++) {
    case '"': c = '"'; break;
    case '\\': c = '\\'; break;
    case '/': c = '/'; break;
    case 'b': c = '\b'; break;
    case 'f': c = '\f'; break;
    case 'n': c = '\n'; break;
    case 'r': c = '\r'; break;
    case 't': c = '\t'; break;
    case 'u': at = vak__unicode(at, end, &c); break;
    default: return NULL;
    }
    *count = at ? vak__encode(c, bytes) : 0;
    return at;
}

static inline const char *vak__string(const char *at, const char *end) {
    char bytes[4];
    unsigned count;
    if (at == end || *at != '"') {
        return NULL;
    }
    at++;
    while (at && at < end && *at != '"') {
        /* Most characters mean themselves. */
        unsigned char c = (unsigned char)*at;
        at = c >= 0x20 && c < 0x80 && c != '\\' ? at + 1 : vak__character(at, end, bytes, &count);
    }
    return at && at < end ? at + 1 : NULL;
}

static inline const char *vak__digits(const char *at, const char *end) {
    if (at == end || !vak__is_digit(*at)) {
        return NULL;
    }
    while (at < end && vak__is_digit(*at)) {
        at++;
    }
    return at;
}

static inline const char *vak__number(const char *at, const char *end) {
    if (at < end && *at == '-') {
        at++;
    }
    at = at < end && *at == '0' ? at + 1 : vak__digits(at, end);
    if (at && at < end && *at == '.') {
        at = vak__digits(at + 1, end);
    }
    if (at && at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-')) {
            at++;
        }
        at = vak__digits(at, end);
    }
    return at;
}

/* The name of a member, up to where its value begins. */
static inline const char *vak__name(const char *at, const char *end) {
    at = vak__string(at, end);
    at = at ? vak__space(at, end) : NULL;
    return at && at < end && *at == ':' ? vak__space(at + 1, end) : NULL;
}

static inline const char *vak__scalar(const char *at, const char *end) {
    switch (*at) {
    case '"': return vak__string(at, end);
    case 'n': return vak__word(at, end, "null");
    case 't': return vak__word(at, end, "true");
    case 'f': return vak__word(at, end, "false");
    default: return vak__number(at, end);
    }
}

static inline bool vak__bit(const uint8_t *bits, unsigned i) { return bits[i / 8] >> i % 8 & 1; }

static inline void vak__set_bit(uint8_t *bits, unsigned i, bool on) {
    bits[i / 8] = (uint8_t)((bits[i / 8] & ~(1u << i % 8)) | (unsigned)on << i % 8);
}

/* A whole value. It calls itself nowhere: nothing that is written in a text can exhaust the stack. */
static inline const char *vak__value(const char *at, const char *end) {
    uint8_t objects[(VAK_MAX_DEPTH + 7) / 8] = { 0 };
    unsigned depth = 0;
    for (;;) {
        /* Here a value begins. */
        if (at == end) {
            return NULL;
        }
        if (*at == '{' || *at == '[') {
            bool object = *at == '{';
            if (depth == VAK_MAX_DEPTH) {
                return NULL;
            }
            vak__set_bit(objects, depth++, object);
            at = vak__space(at + 1, end);
            if (at == end) {
                return NULL;
            }
            if (*at != (object ? '}' : ']')) {
                at = object ? vak__name(at, end) : at;
                if (!at) {
                    return NULL;
                }
                continue;
            }
            depth--;
            at++;
        } else {
            at = vak__scalar(at, end);
            if (!at) {
                return NULL;
            }
        }
        /* Here one has ended, and with it perhaps those around it. */
        for (; depth; depth--, at++) {
            bool object = vak__bit(objects, depth - 1);
            at = vak__space(at, end);
            if (at < end && *at == ',') {
                at = vak__space(at + 1, end);
                at = object ? vak__name(at, end) : at;
                break;
            }
            if (at == end || *at != (object ? '}' : ']')) {
                return NULL;
            }
        }
        if (!at || depth == 0) {
            return at;
        }
    }
}

/* ---- Reading ---- */

static inline vak_json vak__span(const char *at, const char *end) {
    return (vak_json){ { at, (size_t)(end - at) } };
}

static inline vak_json vak_parse(vak_text text) {
    vak_json none = { { NULL, 0 } };
    if (text.len == 0) {
        return none;
    }
    const char *end = text.ptr + text.len, *at = vak__space(text.ptr, end), *over = vak__value(at, end);
    return over && vak__space(over, end) == end ? vak__span(at, over) : none;
}

static inline vak_kind vak_kind_of(vak_json value) {
    if (value.raw.len == 0) {
        return VAK_NONE;
    }
    switch (*value.raw.ptr) {
    case '{': return VAK_OBJECT;
    case '[': return VAK_ARRAY;
    case '"': return VAK_STRING;
    case 't': return VAK_BOOL;
    case 'f': return VAK_BOOL;
    case 'n': return VAK_NULL;
    default: return VAK_NUMBER;
    }
}

static inline vak_items vak_each(vak_json collection) {
    vak_kind kind = vak_kind_of(collection);
    if (kind != VAK_ARRAY && kind != VAK_OBJECT) {
        return (vak_items){ NULL, NULL, false };
    }
    const char *at = collection.raw.ptr;
    return (vak_items){ at + 1, at + collection.raw.len, kind == VAK_OBJECT };
}

/* The next item, and, in an object, its name as it is written. */
static inline bool vak__next(vak_items *items, vak_json *name, vak_json *value) {
    const char *end = items->end, *at = vak__space(items->at, end);
    if (at < end && *at == ',') {
        at = vak__space(at + 1, end);
    }
    *name = vak__span(at, at);
    if (items->named) {
        const char *over = vak__string(at, end);
        *name = vak__span(at, over ? over : at);
        at = over ? vak__name(at, end) : NULL;
    }
    const char *over = at ? vak__value(at, end) : NULL;
    if (!over) {
        /* The bracket behind the last item; it begins no value. */
        items->at = end;
        return false;
    }
    *value = vak__span(at, over);
    items->at = over;
    return true;
}

static inline bool vak_next(vak_items *items, vak_json *value) {
    vak_json name;
    return vak__next(items, &name, value);
}

static inline bool vak_next_member(vak_items *items, vak_text *name, vak_json *value) {
    vak_json raw;
    if (!vak__next(items, &raw, value)) {
        return false;
    }
    if (!vak_get_text(raw, name)) {
        *name = VAK_TEXT("");
    }
    return true;
}

/* Whether a string, as it is written, means `text`. */
static inline bool vak__means(vak_json string, vak_text text) {
    const char *at = string.raw.ptr + 1, *end = string.raw.ptr + string.raw.len;
    size_t done = 0;
    while (at && at < end && *at != '"') {
        char bytes[4];
        unsigned count = 0;
        at = vak__character(at, end, bytes, &count);
        if (count > text.len - done || memcmp(bytes, text.ptr + done, count) != 0) {
            return false;
        }
        done += count;
    }
    return at && done == text.len;
}

static inline vak_json vak_member(vak_json object, const char *name) {
    vak_text wanted = vak_text_of(name);
    vak_items items = vak_each(object);
    vak_json raw, value;
    while (items.named && vak__next(&items, &raw, &value)) {
        if (vak__means(raw, wanted)) {
            return value;
        }
    }
    return (vak_json){ { NULL, 0 } };
}

static inline bool vak_get_bool(vak_json value, bool *out) {
    if (vak_kind_of(value) != VAK_BOOL) {
        return false;
    }
    *out = *value.raw.ptr == 't';
    return true;
}

static inline bool vak_get_text(vak_json value, vak_text *out) {
    if (vak_kind_of(value) != VAK_STRING || value.raw.len < 2) {
        return false;
    }
    const char *at = value.raw.ptr + 1, *end = value.raw.ptr + value.raw.len - 1, *escape = at;
    while (escape < end && *escape != '\\') {
        escape++;
    }
    if (escape == end) {
        *out = (vak_text){ at, (size_t)(end - at) };
        return true;
    }
    /* What an escape means is never longer than the escape. */
    char *text = vak_new((size_t)(end - at), 1);
    size_t len = 0;
    while (at && at < end) {
        char bytes[4];
        unsigned count = 0;
        at = vak__character(at, end, bytes, &count);
        for (unsigned i = 0; i < count; i++) {
            text[len++] = bytes[i];
        }
    }
    *out = (vak_text){ text, len };
    return at != NULL;
}

/* ---- Numbers ---- */

/* A number as it is written, without its sign: `digits` times ten to the power of `exponent`, and, if `more`, a bit more
 * than that. */
typedef struct {
    uint64_t digits;
    int64_t exponent;
    int64_t power; /* what stands behind the `e` */
    bool more;
    bool negative;
} vak__decimal;

/* How many digits surely fit in 64 bits. */
#define VAK__DIGITS 19

static inline bool vak__read_decimal(vak_json value, vak__decimal *out) {
    if (vak_kind_of(value) != VAK_NUMBER) {
        return false;
    }
    const char *at = value.raw.ptr, *end = at + value.raw.len;
    vak__decimal d = { 0, 0, 0, false, *at == '-' };
    bool fraction = false;
    unsigned count = 0;
    for (at += d.negative; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            fraction = true;
        } else if (count < VAK__DIGITS) {
            d.digits = d.digits * 10 + (uint64_t)(*at - '0');
            count += d.digits != 0;
            d.exponent -= fraction;
        } else {
            d.more |= *at != '0';
            d.exponent += !fraction;
        }
    }
    if (at < end) {
        bool below = ++at < end && *at == '-';
        for (at += at < end && (*at == '-' || *at == '+'); at < end; at++) {
            /* No text is so long that its digits could make up for more. */
            d.power = d.power < 1000000000000 ? d.power * 10 + (*at - '0') : d.power;
        }
        d.power = below ? -d.power : d.power;
        d.exponent += d.power;
    }
    for (; d.digits && d.digits % 10 == 0; d.digits /= 10) {
        d.exponent++;
    }
    *out = d;
    return true;
}

static inline bool vak_get_i64(vak_json value, int64_t *out) {
    vak__decimal d;
    if (!vak__read_decimal(value, &d) || d.more) {
        return false;
    }
    for (; d.digits && d.exponent > 0; d.exponent--) {
        if (d.digits > UINT64_MAX / 10) {
            return false;
        }
        d.digits *= 10;
    }
    if ((d.digits && d.exponent < 0) || d.digits > (uint64_t)INT64_MAX + d.negative) {
        return false;
    }
    *out = d.negative ? (int64_t)(0 - d.digits) : (int64_t)d.digits;
    return true;
}

/* A large whole number, its lowest part first. No number of JSON that is near a double needs more: 769 digits, or ten to
 * the power of 1094 beside a double of 54 bits. */
#define VAK__WORDS 96

typedef struct {
    unsigned count;
    uint32_t words[VAK__WORDS];
} vak__big;

static inline void vak__push(vak__big *big, uint32_t word) {
    if (big->count == VAK__WORDS) {
        __builtin_trap();
    }
    big->words[big->count++] = word;
}

static inline void vak__multiply(vak__big *big, uint32_t factor, uint32_t plus) {
    uint64_t carry = plus;
    for (unsigned i = 0; i < big->count; i++) {
        carry += (uint64_t)big->words[i] * factor;
        big->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry) {
        vak__push(big, (uint32_t)carry);
    }
}

static inline vak__big vak__big_of(uint64_t value) {
    vak__big big;
    big.count = 0;
    for (; value; value >>= 32) {
        vak__push(&big, (uint32_t)value);
    }
    return big;
}

static inline void vak__times_power(vak__big *big, uint32_t base, int64_t exponent) {
    for (; exponent > 0; exponent -= 9) {
        uint32_t factor = 1;
        for (int64_t i = 0; i < 9 && i < exponent; i++) {
            factor *= base;
        }
        vak__multiply(big, factor, 0);
    }
}

static inline void vak__shift(vak__big *big, int64_t bits) {
    for (; bits > 0; bits -= 31) {
        vak__multiply(big, (uint32_t)1 << (bits < 31 ? bits : 31), 0);
    }
}

static inline int vak__compare(const vak__big *a, const vak__big *b) {
    if (a->count != b->count) {
        return a->count < b->count ? -1 : 1;
    }
    for (unsigned i = a->count; i-- > 0;) {
        if (a->words[i] != b->words[i]) {
            return a->words[i] < b->words[i] ? -1 : 1;
        }
    }
    return 0;
}

/* How many significant digits of a number may matter for which double is nearest; what follows only has to be told from
 * nothing. */
#define VAK__SIGNIFICANT 768

/* All digits of a number as one whole number, and the power of ten that it has to be multiplied with. */
static inline vak__big vak__all_digits(vak_json number, const vak__decimal *d, int64_t *exponent) {
    vak__big big = vak__big_of(0);
    const char *at = number.raw.ptr, *end = at + number.raw.len;
    bool more = false, fraction = false;
    unsigned count = 0;
    *exponent = d->power;
    for (at += d->negative; at < end && (*at | 0x20) != 'e'; at++) {
        if (*at == '.') {
            fraction = true;
        } else if (count < VAK__SIGNIFICANT) {
            vak__multiply(&big, 10, (uint32_t)(*at - '0'));
            count += big.count != 0;
            *exponent -= fraction;
        } else {
            more |= *at != '0';
            *exponent += !fraction;
        }
    }
    if (more) {
        vak__multiply(&big, 10, 1);
        *exponent -= 1;
    }
    return big;
}

/* Where `digits` times ten to the power of `exponent` lies, seen from `whole` times two to the power of `power`. */
static inline int vak__compare_scaled(const vak__big *digits, int64_t exponent, uint64_t whole, int64_t power) {
    vak__big left = *digits, right = vak__big_of(whole);
    vak__times_power(&left, 5, exponent);
    vak__times_power(&right, 5, -exponent);
    vak__shift(&left, exponent - power);
    vak__shift(&right, power - exponent);
    return vak__compare(&left, &right);
}

/* The bits of a double that is 0 or more: their order is that of the doubles. */
static inline uint64_t vak__bits(double value) {
    union {
        double value;
        uint64_t bits;
    } both = { value };
    return both.bits;
}

static inline double vak__double(uint64_t bits) {
    union {
        uint64_t bits;
        double value;
    } both = { bits };
    return both.value;
}

#define VAK__INFINITE ((uint64_t)0x7ff << 52)
#define VAK__LEADING_BIT ((uint64_t)1 << 52)

/* The double with these bits is this whole number times two to the power of `*power`. */
static inline uint64_t vak__split(uint64_t bits, int64_t *power) {
    uint64_t fraction = bits & (VAK__LEADING_BIT - 1), exponent = bits >> 52;
    *power = (int64_t)(exponent ? exponent : 1) - 1075;
    return exponent ? fraction | VAK__LEADING_BIT : fraction;
}

/* Near to the number: a few doubles away from the nearest at most. */
static inline double vak__roughly(uint64_t digits, int64_t exponent) {
    static const double powers[] = { 1e1, 1e2, 1e4, 1e8, 1e16, 1e32, 1e64, 1e128, 1e256 };
    double value = (double)digits;
    int64_t left = exponent < 0 ? -exponent : exponent;
    for (int i = 8; i >= 0; i--) {
        if (left >> i & 1) {
            value = exponent < 0 ? value / powers[i] : value * powers[i];
        }
    }
    return value;
}

/* The bits of the nearest double; infinite if there is none. From one that is near it goes to its neighbour as long as the
 * number lies beyond the middle between the two. */
static inline uint64_t vak__nearest(vak_json number, const vak__decimal *d) {
    int64_t exponent, power;
    vak__big digits = vak__all_digits(number, d, &exponent);
    uint64_t bits = vak__bits(vak__roughly(d->digits, d->exponent));
    bits = bits < VAK__INFINITE ? bits : VAK__INFINITE - 1;
    for (;;) {
        uint64_t whole = vak__split(bits, &power);
        int above = vak__compare_scaled(&digits, exponent, 2 * whole + 1, power - 1);
        if (above > 0 || (above == 0 && whole & 1)) {
            bits++;
            if (above == 0 || bits == VAK__INFINITE) {
                return bits;
            }
            continue;
        }
        if (whole == 0) {
            return bits;
        }
        /* Below a power of two the doubles lie twice as close. */
        bool closer = whole == VAK__LEADING_BIT && bits >> 52 > 1;
        int below = closer ? vak__compare_scaled(&digits, exponent, 4 * whole - 1, power - 2)
                           : vak__compare_scaled(&digits, exponent, 2 * whole - 1, power - 1);
        if (below > 0 || (below == 0 && !(whole & 1))) {
            return bits;
        }
        bits--;
        if (below == 0) {
            return bits;
        }
    }
}

static inline bool vak_get_double(vak_json value, double *out) {
    vak__decimal d;
    if (!vak__read_decimal(value, &d)) {
        return false;
    }
    double result = 0;
    if (d.digits >> 53 == 0 && !d.more && d.exponent >= -22 && d.exponent <= 22) {
        /* Both are doubles, and one operation rounds once. */
        static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                         1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
        double whole = (double)d.digits;
        result = d.exponent < 0 ? whole / powers[-d.exponent] : whole * powers[d.exponent];
    } else if (d.digits && d.exponent > 310) {
        return false;
    } else if (d.digits && d.exponent > -345) {
        /* Anything less, with its 19 digits, is less than half of the smallest double. */
        uint64_t bits = vak__nearest(value, &d);
        if (bits == VAK__INFINITE) {
            return false;
        }
        result = vak__double(bits);
    }
    *out = d.negative ? -result : result;
    return true;
}

/* ---- Writing ---- */

static inline vak_out vak_out_new(void) {
    vak_out out = { 0 };
    return out;
}

static inline void vak__wrong(vak_out *out, const char *why) {
    if (!out->wrong) {
        out->wrong = why;
    }
}

/* Makes room for `len` bytes more. */
static inline void vak__reserve(vak_out *out, size_t len) {
    if (len > out->cap - out->len) {
        size_t cap;
        if (__builtin_add_overflow(out->len, len, &cap) || __builtin_add_overflow(cap, cap, &cap)) {
            __builtin_trap();
        }
        cap = cap < 64 ? 64 : cap;
        out->ptr = vak__regrow(out->ptr, out->cap, cap);
        out->cap = cap;
    }
}

static inline void vak__append(vak_out *out, const char *bytes, size_t len) {
    if (len) {
        vak__reserve(out, len);
        memcpy(out->ptr + out->len, bytes, len);
        out->len += len;
    }
}

static inline void vak__append_byte(vak_out *out, char byte) {
    vak__reserve(out, 1);
    out->ptr[out->len++] = byte;
}

static inline bool vak__in_object(const vak_out *out) { return out->depth && vak__bit(out->objects, out->depth - 1); }

static inline void vak__before(vak_out *out) {
    if (out->depth == 0 && out->done) {
        vak__wrong(out, "more than one value");
    }
    if (vak__in_object(out) && !out->keyed) {
        vak__wrong(out, "a member without a key");
    }
    if (out->comma && !out->keyed) {
        vak__append_byte(out, ',');
    }
    out->keyed = false;
}

static inline void vak__after(vak_out *out) {
    out->comma = out->depth > 0;
    out->done = out->depth == 0;
}

static inline void vak__open(vak_out *out, bool object) {
    vak__before(out);
    if (out->depth == VAK_MAX_DEPTH) {
        vak__wrong(out, "too many collections within each other");
        return;
    }
    vak__set_bit(out->objects, out->depth++, object);
    vak__append_byte(out, object ? '{' : '[');
    out->comma = false;
}

static inline void vak_object(vak_out *out) { vak__open(out, true); }
static inline void vak_array(vak_out *out) { vak__open(out, false); }

static inline void vak_end(vak_out *out) {
    if (out->depth == 0 || out->keyed) {
        vak__wrong(out, out->depth ? "a key without a value" : "an end without a beginning");
        return;
    }
    vak__append_byte(out, vak__in_object(out) ? '}' : ']');
    out->depth--;
    vak__after(out);
}

/* A string; what JSON or a terminal could stumble over is escaped. */
static inline void vak__append_string(vak_out *out, vak_text text) {
    const char *at = text.ptr, *end = text.len ? at + text.len : at, *plain = at;
    vak__append_byte(out, '"');
    while (at < end) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x20 && c != '"' && c != '\\') {
            const char *next = c < 0x80 ? at + 1 : vak__utf8(at, end);
            if (!next) {
                vak__wrong(out, "a text that is not UTF-8");
                break;
            }
            at = next;
            continue;
        }
        vak__append(out, plain, (size_t)(at - plain));
        const char *names = "\"\"\\\\\bb\ff\nn\rr\tt";
        while (*names && *names != (char)c) {
            names += 2;
        }
        if (*names) {
            vak__append_byte(out, '\\');
            vak__append_byte(out, names[1]);
        } else {
            char escape[6] = { '\\', 'u', '0', '0', (char)('0' + (c >> 4)), "0123456789abcdef"[c & 15] };
            vak__append(out, escape, sizeof(escape));
        }
        plain = ++at;
    }
    vak__append(out, plain, (size_t)(at - plain));
    vak__append_byte(out, '"');
}

static inline void vak_key_text(vak_out *out, vak_text name) {
    if (!vak__in_object(out) || out->keyed) {
        vak__wrong(out, out->keyed ? "a key without a value" : "a key outside of an object");
        return;
    }
    if (out->comma) {
        vak__append_byte(out, ',');
    }
    vak__append_string(out, name);
    vak__append_byte(out, ':');
    out->keyed = true;
}

static inline void vak_key(vak_out *out, const char *name) { vak_key_text(out, vak_text_of(name)); }

static inline void vak__put(vak_out *out, vak_text json) {
    vak__before(out);
    vak__append(out, json.ptr, json.len);
    vak__after(out);
}

static inline void vak_put_null(vak_out *out) { vak__put(out, VAK_TEXT("null")); }

static inline void vak_put_bool(vak_out *out, bool value) { vak__put(out, value ? VAK_TEXT("true") : VAK_TEXT("false")); }

static inline void vak_put_text(vak_out *out, vak_text text) {
    vak__before(out);
    vak__append_string(out, text);
    vak__after(out);
}

static inline void vak_put_string(vak_out *out, const char *string) { vak_put_text(out, vak_text_of(string)); }

static inline void vak_put_json(vak_out *out, vak_json value) {
    if (vak_kind_of(value) == VAK_NONE) {
        vak__wrong(out, "a value that is not there");
    }
    vak__put(out, value.raw);
}

/* The decimal digits of a whole number at the end of `buffer`, which has 20 bytes. */
static inline vak_text vak__decimal_digits(uint64_t value, char *buffer) {
    char *at = buffer + 20;
    do {
        *--at = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    return (vak_text){ at, (size_t)(buffer + 20 - at) };
}

static inline void vak_put_i64(vak_out *out, int64_t value) {
    char buffer[21];
    vak_text digits = vak__decimal_digits(value < 0 ? 0 - (uint64_t)value : (uint64_t)value, buffer + 1);
    if (value < 0) {
        digits.ptr--;
        digits.len++;
        buffer[21 - digits.len] = '-';
    }
    vak__put(out, digits);
}

/* The fewest digits that read back as `value`, which is above 0, and where the point stands among them: 1 behind the
 * first. Few doubles need more than 15 digits; the others are left to vak__generate. */
static inline bool vak__few_digits(double value, char *digits, unsigned *count, int *point) {
    double power = 1;
    for (int places = 0; places <= 22; places++, power *= 10) {
        double scaled = value * power;
        if (scaled >= 1e15) {
            return false;
        }
        uint64_t whole = (uint64_t)(scaled + 0.5);
        if (whole && (double)whole / power == value) {
            char buffer[20];
            vak_text text = vak__decimal_digits(whole, buffer);
            memcpy(digits, text.ptr, text.len);
            *count = (unsigned)text.len;
            *point = (int)text.len - places;
            return true;
        }
    }
    return false;
}

/* Takes `b` away from `a`, which is no less. */
static inline void vak__subtract(vak__big *a, const vak__big *b) {
    uint64_t borrow = 0;
    for (unsigned i = 0; i < a->count; i++) {
        uint64_t take = borrow + (i < b->count ? b->words[i] : 0);
        borrow = a->words[i] < take;
        a->words[i] -= (uint32_t)take;
    }
    while (a->count && a->words[a->count - 1] == 0) {
        a->count--;
    }
}

static inline void vak__add(vak__big *a, const vak__big *b) {
    uint64_t carry = 0;
    for (unsigned i = 0; i < a->count || i < b->count || carry; i++) {
        if (i == a->count) {
            vak__push(a, 0);
        }
        carry += (uint64_t)a->words[i] + (i < b->count ? b->words[i] : 0);
        a->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* Where `a` plus `b` lies, seen from `c`. */
static inline int vak__compare_sum(const vak__big *a, const vak__big *b, const vak__big *c) {
    vak__big sum = *a;
    vak__add(&sum, b);
    return vak__compare(&sum, c);
}

/* A number that is to be written: `rest` of `scale`; it may be written as any that is less than `below` below it, and less
 * than `above` above it, or just as much if `even`. */
typedef struct {
    vak__big rest, scale, below, above;
    bool even;
} vak__range;

/* What a double may be written as: anything up to the middle between it and its neighbours. */
static inline vak__range vak__range_of(double value) {
    int64_t power;
    uint64_t bits = vak__bits(value), whole = vak__split(bits, &power);
    unsigned closer = whole == VAK__LEADING_BIT && bits >> 52 > 1;
    vak__range r = { vak__big_of(whole), vak__big_of(1), vak__big_of(1), vak__big_of(1), !(whole & 1) };
    vak__shift(&r.rest, (power > 0 ? power : 0) + 1 + closer);
    vak__shift(&r.scale, (power < 0 ? -power : 0) + 1 + closer);
    vak__shift(&r.below, power);
    vak__shift(&r.above, (power > 0 ? power : 0) + closer);
    return r;
}

static inline void vak__times_ten(vak__range *r) {
    vak__multiply(&r->rest, 10, 0);
    vak__multiply(&r->below, 10, 0);
    vak__multiply(&r->above, 10, 0);
}

/* Whether the part that is left, rounded up, is in range. */
static inline bool vak__may_round_up(const vak__range *r) {
    return vak__compare_sum(&r->rest, &r->above, &r->scale) >= (r->even ? 0 : 1);
}

/* The same for every double, digit by digit with large numbers, after Steele and White's free-format algorithm. */
static inline void vak__generate(double value, char *digits, unsigned *count, int *point) {
    vak__range r = vak__range_of(value);
    /* The power of ten above the number; it is one less than it should be, or right. */
    int64_t power;
    uint64_t whole = vak__split(vak__bits(value), &power);
    double estimate = (double)(power + 63 - __builtin_clzll(whole)) * 0.30102999566398114;
    *point = (int)estimate + (estimate > (int)estimate);
    vak__times_power(&r.scale, 10, *point);
    for (int i = *point; i < 0; i += 9) {
        uint32_t factor = 1;
        for (int j = 0; j < 9 && j < -i; j++) {
            factor *= 10;
        }
        vak__multiply(&r.rest, factor, 0);
        vak__multiply(&r.below, factor, 0);
        vak__multiply(&r.above, factor, 0);
    }
    if (vak__may_round_up(&r)) {
        ++*point;
    } else {
        vak__times_ten(&r);
    }
    for (*count = 0;; vak__times_ten(&r)) {
        char digit = '0';
        while (vak__compare(&r.rest, &r.scale) >= 0) {
            vak__subtract(&r.rest, &r.scale);
            digit++;
        }
        bool down = vak__compare(&r.rest, &r.below) < (r.even ? 1 : 0), up = vak__may_round_up(&r);
        if (down || up) {
            int half = vak__compare_sum(&r.rest, &r.rest, &r.scale);
            bool nearer_up = half > 0 || (half == 0 && digit & 1);
            digits[(*count)++] = (char)(digit + (up && (!down || nearer_up)));
            return;
        }
        digits[(*count)++] = digit;
    }
}

/* What is behind the digits of a number that is written with a power of ten. */
static inline unsigned vak__write_power(char *text, int power) {
    char buffer[20];
    vak_text digits = vak__decimal_digits((uint64_t)(power < 0 ? -power : power), buffer);
    text[0] = 'e';
    text[1] = power < 0 ? '-' : '+';
    memcpy(text + 2, digits.ptr, digits.len);
    return 2 + (unsigned)digits.len;
}

/* Digits with their point, as ECMAScript has them: with a power of ten where the point would be far from all digits. */
static inline unsigned vak__write_digits(char *text, const char *digits, int count, int point) {
    bool plain = point > -6 && point <= 21;
    int behind = plain ? point : 1;
    unsigned len = 0;
    for (int i = behind < 0 ? behind : 0; i <= 0 && behind <= 0; i++) {
        text[len++] = '0';
        if (len == 1) {
            text[len++] = '.';
        }
    }
    for (int i = 0; i < count || i < behind; i++) {
        if (i == behind && i > 0) {
            text[len++] = '.';
        }
        text[len++] = i < count ? digits[i] : '0';
    }
    return plain ? len : len + vak__write_power(text + len, point - 1);
}

static inline void vak_put_double(vak_out *out, double value) {
    uint64_t bits = vak__bits(value) & ~((uint64_t)1 << 63);
    if (bits >= VAK__INFINITE) {
        vak__wrong(out, "a number is not finite");
        return;
    }
    if (bits == 0) {
        vak__put(out, VAK_TEXT("0"));
        return;
    }
    char digits[20], text[40] = { '-' };
    unsigned count, len = value < 0;
    int point;
    if (!vak__few_digits(vak__double(bits), digits, &count, &point)) {
        vak__generate(vak__double(bits), digits, &count, &point);
    }
    while (count > 1 && digits[count - 1] == '0') {
        count--;
    }
    len += vak__write_digits(text + len, digits, (int)count, point);
    vak__put(out, (vak_text){ text, len });
}

/* ---- Answering ---- */

static inline vak_answer vak__answer(vak_out *out, bool failed) {
    if (out->wrong || !out->done) {
        vak_text why = vak_text_of(out->wrong ? out->wrong : "not complete");
        vak_out error = vak_out_new();
        vak_object(&error);
        vak_key(&error, "error");
        vak_put_text(&error, vak_concat(failed ? VAK_TEXT("error: ") : VAK_TEXT("output: "), why));
        vak_end(&error);
        return (vak_answer){ { error.ptr, error.len }, true };
    }
    return (vak_answer){ { out->ptr, out->len }, failed };
}

static inline vak_answer vak_ok(vak_out *out) { return vak__answer(out, false); }

static inline vak_answer vak_fail_with(vak_out *out) { return vak__answer(out, true); }

static inline vak_answer vak_fail(const char *why) {
    vak_out error = vak_out_new();
    vak_object(&error);
    vak_key(&error, "error");
    vak_put_string(&error, why);
    vak_end(&error);
    return vak_fail_with(&error);
}

/* ---- Asking the host ---- */

/* A response that is longer is taken in a second step, into memory of its own. */
#define VAK__SMALL 256

/* A host function: a request, and room for the response; the status above 32 bits of the response's length. */
typedef int64_t vak__import(const char *request, size_t len, char *out, size_t cap);

#ifdef __wasm__
#define VAK__IMPORT(name)                                                                                              \
    __attribute__((import_module("vak"), import_name(#name))) int64_t vak__host_##name(const char *, size_t, char *,   \
                                                                                       size_t);
__attribute__((import_module("vak"), import_name("take"))) int64_t vak__take(char *out, size_t cap);
#else
#define VAK__IMPORT(name)                                                                                              \
    static inline int64_t vak__host_##name(const char *request, size_t len, char *out, size_t cap) {                   \
        return vak__tested(#name, request, len, out, cap);                                                             \
    }

/* The response that a test's host gave last. */
__attribute__((weak)) vak_response vak__kept = { VAK_FAILED, { NULL, 0 } };

static inline int64_t vak__take(char *out, size_t cap) {
    if (vak__kept.bytes.len && vak__kept.bytes.len <= cap) {
        memcpy(out, vak__kept.bytes.ptr, vak__kept.bytes.len);
    }
    return (int64_t)vak__kept.status << 32 | (int64_t)vak__kept.bytes.len;
}

static inline int64_t vak__tested(const char *call, const char *request, size_t len, char *out, size_t cap) {
    vak_text line = { request, 0 }, body = { request + len, 0 };
    while (line.len < len && request[line.len] != '\n') {
        line.len++;
    }
    if (line.len < len) {
        body = (vak_text){ request + line.len + 1, len - line.len - 1 };
    }
    vak_text nobody = VAK_TEXT("{\"code\":\"policy.ungranted\",\"message\":\"the test has set no host\"}");
    vak__kept = vak_test_host ? vak_test_host(call, line, body) : (vak_response){ VAK_DENIED, nobody };
    return vak__take(out, cap);
}
#endif

VAK__IMPORT(fs_read)
VAK__IMPORT(fs_list)
VAK__IMPORT(fs_stat)
VAK__IMPORT(fs_write)
VAK__IMPORT(fs_remove)
VAK__IMPORT(fs_rename)
VAK__IMPORT(http_fetch)
VAK__IMPORT(kv_get)
VAK__IMPORT(kv_set)
VAK__IMPORT(kv_delete)
VAK__IMPORT(kv_list)
VAK__IMPORT(log)
VAK__IMPORT(clock_now)
VAK__IMPORT(random)
VAK__IMPORT(verify_plan)
VAK__IMPORT(reason)

/* A failure that is the kit's own. */
static inline vak_response vak__failure(const char *code, const char *why) {
    vak_out out = vak_out_new();
    vak_object(&out);
    vak_key(&out, "code");
    vak_put_string(&out, code);
    vak_key(&out, "message");
    vak_put_string(&out, why);
    vak_end(&out);
    return (vak_response){ VAK_FAILED, { out.ptr, out.len } };
}

/* Asks, with the open object `request`, and `body` behind it. */
static inline vak_response vak__ask(vak__import *import, vak_out *request, vak_text body) {
    vak_end(request);
    if (request->wrong) {
        return vak__failure("request.invalid", request->wrong);
    }
    if (body.len) {
        vak__append_byte(request, '\n');
        vak__append(request, body.ptr, body.len);
    }
    char small[VAK__SMALL];
    int64_t packed = import(request->ptr, request->len, small, sizeof(small));
    uint32_t len = (uint32_t)packed;
    if (packed >> 32 < VAK_DONE || packed >> 32 > VAK_FAILED) {
        return vak__failure("host.response", "an unknown status");
    }
    char *bytes = vak_new(len, 1);
    if (len <= sizeof(small)) {
        memcpy(bytes, small, len);
    } else if (vak__take(bytes, len) != packed) {
        return vak__failure("host.response", "another one than was announced");
    }
    return (vak_response){ (vak_status)(packed >> 32), { bytes, len } };
}

/* A request that has begun: with no member, one of text, or two. */
static inline vak_out vak__request(void) {
    vak_out out = vak_out_new();
    vak_object(&out);
    return out;
}

static inline vak_out vak__request_of(const char *key, vak_text value) {
    vak_out out = vak__request();
    vak_key(&out, key);
    vak_put_text(&out, value);
    return out;
}

static inline vak_out vak__request_of_two(const char *key, vak_text value, const char *other, vak_text second) {
    vak_out out = vak__request_of(key, value);
    vak_key(&out, other);
    vak_put_text(&out, second);
    return out;
}

#define VAK__NO_BODY ((vak_text){ NULL, 0 })

static inline vak_response vak_fs_read(vak_text path, int64_t offset, int64_t length) {
    vak_out request = vak__request_of("path", path);
    vak_key(&request, "offset");
    vak_put_i64(&request, offset);
    vak_key(&request, "length");
    vak_put_i64(&request, length);
    return vak__ask(vak__host_fs_read, &request, VAK__NO_BODY);
}

static inline vak_response vak_fs_list(vak_text path) {
    vak_out request = vak__request_of("path", path);
    return vak__ask(vak__host_fs_list, &request, VAK__NO_BODY);
}

static inline vak_response vak_fs_stat(vak_text path) {
    vak_out request = vak__request_of("path", path);
    return vak__ask(vak__host_fs_stat, &request, VAK__NO_BODY);
}

static inline vak_response vak_fs_write(vak_text path, vak_mode mode, vak_text contents) {
    vak_text word = mode == VAK_CREATE ? VAK_TEXT("create") : mode == VAK_APPEND ? VAK_TEXT("append") : VAK_TEXT("replace");
    vak_out request = vak__request_of_two("path", path, "mode", word);
    return vak__ask(vak__host_fs_write, &request, contents);
}

static inline vak_response vak_fs_remove(vak_text path) {
    vak_out request = vak__request_of("path", path);
    return vak__ask(vak__host_fs_remove, &request, VAK__NO_BODY);
}

static inline vak_response vak_fs_rename(vak_text from, vak_text to) {
    vak_out request = vak__request_of_two("from", from, "to", to);
    return vak__ask(vak__host_fs_rename, &request, VAK__NO_BODY);
}

static inline vak_response vak_http_fetch(vak_text method, vak_text url, vak_json headers, vak_text body) {
    vak_out request = vak__request_of_two("method", method, "url", url);
    if (vak_kind_of(headers) != VAK_NONE) {
        vak_key(&request, "headers");
        vak_put_json(&request, headers);
    }
    return vak__ask(vak__host_http_fetch, &request, body);
}

/* How long the line before a body is, without its end. */
static inline size_t vak__line(vak_text bytes) {
    size_t len = 0;
    while (len < bytes.len && bytes.ptr[len] != '\n') {
        len++;
    }
    return len;
}

static inline vak_json vak_http_head(vak_response answer) {
    return vak_parse((vak_text){ answer.bytes.ptr, answer.status == VAK_DONE ? vak__line(answer.bytes) : 0 });
}

static inline vak_text vak_http_body(vak_response answer) {
    size_t line = vak__line(answer.bytes);
    if (answer.status != VAK_DONE || line == answer.bytes.len) {
        return (vak_text){ NULL, 0 };
    }
    return (vak_text){ answer.bytes.ptr + line + 1, answer.bytes.len - line - 1 };
}

static inline vak_response vak_kv_get(vak_text key) {
    vak_out request = vak__request_of("key", key);
    return vak__ask(vak__host_kv_get, &request, VAK__NO_BODY);
}

static inline vak_response vak_kv_set(vak_text key, vak_text value) {
    vak_out request = vak__request_of("key", key);
    return vak__ask(vak__host_kv_set, &request, value);
}

static inline vak_response vak_kv_delete(vak_text key) {
    vak_out request = vak__request_of("key", key);
    return vak__ask(vak__host_kv_delete, &request, VAK__NO_BODY);
}

static inline vak_response vak_kv_list(vak_text prefix, vak_text after) {
    vak_out request = vak__request_of_two("prefix", prefix, "after", after);
    return vak__ask(vak__host_kv_list, &request, VAK__NO_BODY);
}

static inline vak_response vak_log(vak_level level, vak_text text) {
    static const char *const words[] = { "debug", "info", "warn", "error" };
    vak_out request = vak__request_of("level", vak_text_of(words[(unsigned)level & 3]));
    return vak__ask(vak__host_log, &request, text);
}

static inline vak_response vak_clock_now(void) {
    vak_out request = vak__request();
    return vak__ask(vak__host_clock_now, &request, VAK__NO_BODY);
}

static inline vak_response vak_random(int64_t length) {
    vak_out request = vak__request();
    vak_key(&request, "length");
    vak_put_i64(&request, length);
    return vak__ask(vak__host_random, &request, VAK__NO_BODY);
}

static inline vak_response vak_verify_plan(vak_json actions) {
    vak_out request = vak__request();
    vak_key(&request, "actions");
    vak_put_json(&request, actions);
    return vak__ask(vak__host_verify_plan, &request, VAK__NO_BODY);
}

static inline vak_response vak_reason(vak_json messages, int64_t max_tokens) {
    vak_out request = vak__request();
    vak_key(&request, "messages");
    vak_put_json(&request, messages);
    if (max_tokens != 0) {
        vak_key(&request, "max_tokens");
        vak_put_i64(&request, max_tokens);
    }
    return vak__ask(vak__host_reason, &request, VAK__NO_BODY);
}

static inline vak_text vak_code(vak_response response) {
    vak_text code = { NULL, 0 };
    if (response.status != VAK_DONE && !vak_get_text(vak_member(vak_parse(response.bytes), "code"), &code)) {
        code = VAK_TEXT("host.response");
    }
    return code;
}

static inline bool vak_has_code(vak_response response, const char *code) {
    return response.status != VAK_DONE && vak_same(vak_code(response), vak_text_of(code));
}

static inline vak_answer vak_fail_because(vak_response response) {
    vak_text message = { NULL, 0 };
    vak_get_text(vak_member(vak_parse(response.bytes), "message"), &message);
    vak_out error = vak__request_of("error", vak_concat(vak_concat(vak_code(response), VAK_TEXT(": ")), message));
    vak_end(&error);
    return vak_fail_with(&error);
}

#endif
