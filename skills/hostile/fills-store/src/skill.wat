;; Sets one key after the other, of 1 MiB each, until the host refuses.
(module
  (import "vak" "kv_set" (func $kv_set (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 20)
  ;; The request: its line, and 1 MiB behind it, which lies between this and the response.
  (data (i32.const 0x30000) "{\"key\":\"aa\"}\n")
  (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
  ;; What the host said becomes the answer: the output if it was done, and the skill's own error if not.
  (func $answer (param $said i64) (result i64)
    (i64.or
      (i64.or
        (i64.shl (i64.extend_i32_u (i64.ne (i64.shr_u (local.get $said) (i64.const 32)) (i64.const 0))) (i64.const 63))
        (i64.shl (i64.const 0x20000) (i64.const 32)))
      (i64.and (local.get $said) (i64.const 0xffffffff))))
  (func (export "execute") (param i32 i32) (result i64)
    (local $said i64)
    (loop $more
      ;; The key's two letters count.
      (i32.store8 (i32.const 0x30008) (i32.add (i32.load8_u (i32.const 0x30008)) (i32.const 1)))
      (if (i32.gt_u (i32.load8_u (i32.const 0x30008)) (i32.const 122))
        (then
          (i32.store8 (i32.const 0x30008) (i32.const 97))
          (i32.store8 (i32.const 0x30009) (i32.add (i32.load8_u (i32.const 0x30009)) (i32.const 1)))))
      (local.set $said
        (call $kv_set (i32.const 0x30000) (i32.const 1048589) (i32.const 0x20000) (i32.const 0x10000)))
      (br_if $more (i64.eqz (i64.shr_u (local.get $said) (i64.const 32)))))
    (call $answer (local.get $said))))
