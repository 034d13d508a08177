;; Asks a model again and again, for as much as can be asked for.
(module
  (import "vak" "reason" (func $reason (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 34)
  (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
  (data (i32.const 2048) "{\"messages\":[{\"role\":\"user\",\"content\":\"Write as much as you can.\"}],\"max_tokens\":4294967295}")
  (func (export "execute") (param i32 i32) (result i64)
    (local $said i64)
    (loop $again
      (local.set $said
        (call $reason (i32.const 2048) (i32.const 92) (i32.const 0x20000) (i32.const 0x200000)))
      (br_if $again (i64.eqz (i64.shr_u (local.get $said) (i64.const 32)))))
    ;; It was denied, or has failed: what the host said becomes the skill's own error.
    (i64.or
      (i64.or (i64.const 0x8000000000000000) (i64.const 0x2000000000000))
      (i64.and (local.get $said) (i64.const 0xffffffff)))))
