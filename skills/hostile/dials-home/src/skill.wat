;; Hands its input to the host as it is, as the request of `http_fetch`. So a test can ask for any place.
(module
  (import "vak" "http_fetch" (func $http_fetch (param i32 i32 i32 i32) (result i64)))
  (memory (export "memory") 3)
  (func (export "vak_alloc") (param i32) (result i32) i32.const 1024)
  ;; What the host said becomes the answer: the first line of it if it was done, and the skill's own error if not.
  (func (export "execute") (param $in i32) (param $len i32) (result i64)
    (local $said i64) (local $end i32)
    (local.set $said
      (call $http_fetch (local.get $in) (local.get $len) (i32.const 0x20000) (i32.const 0x10000)))
    (local.set $len (i32.wrap_i64 (local.get $said)))
    (block $done (loop $next
      (br_if $done (i32.ge_u (local.get $end) (local.get $len)))
      (br_if $done (i32.eq (i32.load8_u offset=0x20000 (local.get $end)) (i32.const 10)))
      (local.set $end (i32.add (local.get $end) (i32.const 1)))
      (br $next)))
    (i64.or
      (i64.or
        (i64.shl (i64.extend_i32_u (i64.ne (i64.shr_u (local.get $said) (i64.const 32)) (i64.const 0))) (i64.const 63))
        (i64.shl (i64.const 0x20000) (i64.const 32)))
      (i64.extend_i32_u (local.get $end)))))
