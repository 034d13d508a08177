;; Hands its input to the host as it is, as the request of a call on its store. So a test can ask for any key.
(module
  (import "vak" "kv_get" (func $kv_get (param i32 i32 i32 i32) (result i64)))
  (import "vak" "kv_set" (func $kv_set (param i32 i32 i32 i32) (result i64)))
  (import "vak" "kv_delete" (func $kv_delete (param i32 i32 i32 i32) (result i64)))
  (import "vak" "kv_list" (func $kv_list (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 3)
  (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
  ;; What the host said becomes the answer: the output if it was done, and the skill's own error if not.
  (func $answer (param $said i64) (result i64)
    (i64.or
      (i64.or
        (i64.shl (i64.extend_i32_u (i64.ne (i64.shr_u (local.get $said) (i64.const 32)) (i64.const 0))) (i64.const 63))
        (i64.shl (i64.const 0x20000) (i64.const 32)))
      (i64.and (local.get $said) (i64.const 0xffffffff))))
  (func (export "kv_get") (param $in i32) (param $len i32) (result i64)
    (call $answer (call $kv_get (local.get $in) (local.get $len) (i32.const 0x20000) (i32.const 0x10000))))
  (func (export "kv_set") (param $in i32) (param $len i32) (result i64)
    (call $answer (call $kv_set (local.get $in) (local.get $len) (i32.const 0x20000) (i32.const 0x10000))))
  (func (export "kv_delete") (param $in i32) (param $len i32) (result i64)
    (call $answer (call $kv_delete (local.get $in) (local.get $len) (i32.const 0x20000) (i32.const 0x10000))))
  (func (export "kv_list") (param $in i32) (param $len i32) (result i64)
    (call $answer (call $kv_list (local.get $in) (local.get $len) (i32.const 0x20000) (i32.const 0x10000))))
)
