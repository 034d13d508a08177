/*
 * What vak.h makes of any bytes. Requests come on stdin and answers go to stdout: a length of four bytes, lowest first, and
 * so many bytes, the first of a request being what to do. Each request lies in a block of its own length, so that a
 * sanitizer sees the first byte that is read behind it.
 */
#include "vak.h"

#include <stdio.h>

static void answer(vak_text text) {
    unsigned char head[4] = { (unsigned char)text.len, (unsigned char)(text.len >> 8), (unsigned char)(text.len >> 16),
                              (unsigned char)(text.len >> 24) };
    fwrite(head, 1, 4, stdout);
    fwrite(text.ptr, 1, text.len, stdout);
}

static void answer_out(vak_out *out) { answer(vak_ok(out).json); }

/* Writes a value anew, with every part read by what is made to read it. */
static void rewrite(vak_out *out, vak_json value) {
    vak_text name, text;
    vak_json item;
    int64_t whole;
    double number;
    bool yes;
    switch (vak_kind_of(value)) {
    case VAK_NONE: vak_put_json(out, value); break;
    case VAK_NULL: vak_put_null(out); break;
    case VAK_BOOL: vak_get_bool(value, &yes) ? vak_put_bool(out, yes) : (void)0; break;
    case VAK_STRING: vak_get_text(value, &text) ? vak_put_text(out, text) : (void)0; break;
    case VAK_NUMBER:
        if (vak_get_i64(value, &whole)) {
            vak_put_i64(out, whole);
        } else if (vak_get_double(value, &number)) {
            vak_put_double(out, number);
        }
        break;
    case VAK_ARRAY:
        vak_array(out);
        for (vak_items items = vak_each(value); vak_next(&items, &item);) {
            rewrite(out, item);
        }
        vak_end(out);
        break;
    case VAK_OBJECT:
        vak_object(out);
        for (vak_items items = vak_each(value); vak_next_member(&items, &name, &item);) {
            vak_key_text(out, name);
            rewrite(out, item);
        }
        vak_end(out);
        break;
    }
}

/* Members under the first name of `{"of":{...},"names":[...]}`, then under the second, and so on. */
static void look_up(vak_out *out, vak_json request) {
    vak_json name;
    vak_array(out);
    for (vak_items names = vak_each(vak_member(request, "names")); vak_next(&names, &name);) {
        vak_text text;
        vak_get_text(name, &text);
        char *string = vak_new(text.len + 1, 1);
        memcpy(string, text.ptr, text.len);
        vak_json found = vak_member(vak_member(request, "of"), string);
        vak_kind_of(found) == VAK_NONE ? vak_put_null(out) : vak_put_json(out, found);
    }
    vak_end(out);
}

/* Puts things into a value as the letters say, in whatever order. */
static void put_all(vak_out *out, vak_text letters) {
    for (size_t i = 0; i < letters.len; i++) {
        switch (letters.ptr[i]) {
        case '{': vak_object(out); break;
        case '[': vak_array(out); break;
        case ')': vak_end(out); break;
        case 'k': vak_key(out, "k"); break;
        case 'x': vak_put_text(out, (vak_text){ "\xff", 1 }); break;
        case 'i': vak_put_double(out, 1e308 * 10); break;
        case '0': vak_put_json(out, vak_parse(VAK_TEXT(""))); break;
        default: vak_put_i64(out, i); break;
        }
    }
}

/* What the host of the next call is to say, and what it was asked. */
static vak_response host_says;
static vak_text host_was_asked;

static vak_response host(const char *call, vak_text request, vak_text body) {
    vak_text asked = vak_concat(vak_concat(vak_text_of(call), VAK_TEXT(" ")), request);
    host_was_asked = body.len ? vak_concat(vak_concat(asked, VAK_TEXT("\n")), body) : asked;
    return host_says;
}

static vak_response call_host(vak_text call, vak_text a, vak_text b, int64_t number, vak_json value) {
    if (vak_same(call, VAK_TEXT("fs_read"))) return vak_fs_read(a, number, 1000);
    if (vak_same(call, VAK_TEXT("fs_list"))) return vak_fs_list(a);
    if (vak_same(call, VAK_TEXT("fs_stat"))) return vak_fs_stat(a);
    if (vak_same(call, VAK_TEXT("fs_write"))) return vak_fs_write(a, (vak_mode)number, b);
    if (vak_same(call, VAK_TEXT("fs_remove"))) return vak_fs_remove(a);
    if (vak_same(call, VAK_TEXT("fs_rename"))) return vak_fs_rename(a, b);
    if (vak_same(call, VAK_TEXT("http_fetch"))) return vak_http_fetch(VAK_TEXT("PUT"), a, value, b);
    if (vak_same(call, VAK_TEXT("kv_get"))) return vak_kv_get(a);
    if (vak_same(call, VAK_TEXT("kv_set"))) return vak_kv_set(a, b);
    if (vak_same(call, VAK_TEXT("kv_delete"))) return vak_kv_delete(a);
    if (vak_same(call, VAK_TEXT("kv_list"))) return vak_kv_list(a, b);
    if (vak_same(call, VAK_TEXT("log"))) return vak_log((vak_level)number, b);
    if (vak_same(call, VAK_TEXT("clock_now"))) return vak_clock_now();
    if (vak_same(call, VAK_TEXT("random"))) return vak_random(number);
    if (vak_same(call, VAK_TEXT("reason"))) return vak_reason(value, number);
    return vak_verify_plan(value);
}

/* Makes the call of `{"call","a","b","number","value","status","response"}`; without a `status` there is no host. */
static void ask_host(vak_out *out, vak_json request) {
    vak_text call = { NULL, 0 }, a = { NULL, 0 }, b = { NULL, 0 }, bytes = { NULL, 0 };
    int64_t number = 0, status = 0;
    vak_get_text(vak_member(request, "call"), &call);
    if (!vak_get_text(vak_member(request, "a"), &a)) {
        a = (vak_text){ "\xff", 1 };
    }
    vak_get_text(vak_member(request, "b"), &b);
    vak_get_text(vak_member(request, "response"), &bytes);
    vak_get_i64(vak_member(request, "number"), &number);
    vak_test_host = vak_get_i64(vak_member(request, "status"), &status) ? host : NULL;
    host_says = (vak_response){ (vak_status)status, bytes };
    host_was_asked = (vak_text){ NULL, 0 };
    vak_response response = call_host(call, a, b, number, vak_member(request, "value"));
    vak_object(out);
    vak_key(out, "asked");
    vak_put_text(out, host_was_asked);
    vak_key(out, "status");
    vak_put_i64(out, response.status);
    vak_key(out, "bytes");
    vak_put_text(out, response.bytes);
    vak_key(out, "code");
    vak_put_text(out, vak_code(response));
    vak_key(out, "is_not_found");
    vak_put_bool(out, vak_has_code(response, "fs.not_found"));
    vak_text url = { NULL, 0 };
    vak_get_text(vak_member(vak_http_head(response), "url"), &url);
    vak_key(out, "url");
    vak_put_text(out, url);
    vak_key(out, "body");
    vak_put_text(out, vak_http_body(response));
    vak_key(out, "fails");
    vak_put_json(out, vak_parse(vak_fail_because(response).json));
    vak_end(out);
}

static void serve(char what, vak_text text) {
    vak_out out = vak_out_new();
    vak_json value = what == 'p' ? vak_parse((vak_text){ NULL, 0 }) : vak_parse(text);
    double number;
    int64_t whole;
    switch (what) {
    case 'j': rewrite(&out, value); break;
    case 'd': vak_get_double(value, &number) ? vak_put_double(&out, number) : (void)0; break;
    case 'i': vak_get_i64(value, &whole) ? vak_put_i64(&out, whole) : (void)0; break;
    case 'm': look_up(&out, value); break;
    case 'p': put_all(&out, text); break;
    case 'h': ask_host(&out, value); break;
    case 'b':
        memcpy(&number, text.ptr, sizeof(number));
        vak_put_double(&out, number);
        break;
    }
    answer_out(&out);
    free(out.ptr);
}

int main(void) {
    unsigned char head[4];
    while (fread(head, 1, 4, stdin) == 4) {
        size_t len = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
        char *request = malloc(len);
        if (!request || fread(request, 1, len, stdin) != len) {
            return 1;
        }
        char *text = malloc(len - 1);
        memcpy(text, request + 1, len - 1);
        serve(*request, (vak_text){ text, len - 1 });
        free(text);
        free(request);
    }
    return 0;
}
