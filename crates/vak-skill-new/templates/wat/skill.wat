;; Greets whoever is named.
;;
;; What comes in is `{"name":"Ada"}`, or `{}` to greet everybody. What goes out is `{"greeting":"Hello, Ada!"}`.
;;
;; The host has held the input against the schema in skill.yaml: it is one object, with at most one member, a string. So
;; the name is what stands between the third and the fourth quote, and there is none if there is no quote at all. It is
;; copied as it is written: what is escaped in one text of JSON is escaped in the other.
(module
  ;; One page of 64 KiB, and more when it is needed.
  (memory (export "memory") 1)

  ;; The texts that do not change, and where they lie.
  (data (i32.const 16) "{\"greeting\":\"Hello, ")           ;; 20 bytes
  (data (i32.const 48) "!\"}")                               ;; 3 bytes
  (data (i32.const 64) "world")                              ;; 5 bytes
  (data (i32.const 80) "{\"error\":\"the name is empty\"}")  ;; 29 bytes
  (data (i32.const 112) "{\"error\":\"input: not as the schema has it\"}") ;; 43 bytes

  ;; The first byte that nobody uses yet. Nothing is ever freed: an instance serves one call.
  (global $top (mut i32) (i32.const 1024))

  ;; Makes room for the input: an export of ABI 1. 0 is for: there is no such memory.
  (func $alloc (export "vak_alloc") (param $len i32) (result i32)
    (local $block i32)
    (local $end i64)
    (local.set $block (global.get $top))
    ;; The sum in 64 bits can't overflow. Pointers of ABI 1 have 31 bits.
    (local.set $end (i64.add (i64.extend_i32_u (local.get $block)) (i64.extend_i32_u (local.get $len))))
    (if (i64.gt_u (local.get $end) (i64.const 0x7fffffff)) (then (return (i32.const 0))))
    (if (i32.eqz (call $reach (i32.wrap_i64 (local.get $end)))) (then (return (i32.const 0))))
    (global.set $top (i32.wrap_i64 (local.get $end)))
    (local.get $block))

  ;; Whether all memory below $end is there, or could be had.
  (func $reach (param $end i32) (result i32)
    (local $pages i32)
    (local.set $pages (i32.shr_u (i32.add (local.get $end) (i32.const 0xffff)) (i32.const 16)))
    (if (i32.le_u (local.get $pages) (memory.size)) (then (return (i32.const 1))))
    (i32.ne (memory.grow (i32.sub (local.get $pages) (memory.size))) (i32.const -1)))

  ;; Where the next quote stands at or behind $at, but before $end; $end if there is none. A backslash and the byte behind
  ;; it are passed over: a quote there is one of the text.
  (func $quote (param $at i32) (param $end i32) (result i32)
    (local $byte i32)
    (block $none
      (loop $next
        (br_if $none (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $byte (i32.load8_u (local.get $at)))
        (if (i32.eq (local.get $byte) (i32.const 0x22)) (then (return (local.get $at))))
        (if (i32.eq (local.get $byte) (i32.const 0x5c)) (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $end))

  ;; The result of a call, as ABI 1 packs it: the pointer above the length, and above both whether the skill failed.
  (func $done (param $ptr i32) (param $len i32) (result i64)
    (i64.or (i64.shl (i64.extend_i32_u (local.get $ptr)) (i64.const 32)) (i64.extend_i32_u (local.get $len))))
  (func $failed (param $ptr i32) (param $len i32) (result i64)
    (i64.or (call $done (local.get $ptr) (local.get $len)) (i64.const 0x8000000000000000)))

  ;; The function that skill.yaml lists under `exports`: it is called with where the input lies, and its length.
  (func (export "execute") (param $ptr i32) (param $len i32) (result i64)
    (local $end i32)
    (local $name i32)
    (local $name_end i32)
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))

    ;; The quote before the key, if there is one.
    (local.set $name (call $quote (local.get $ptr) (local.get $end)))
    (if (i32.eq (local.get $name) (local.get $end))
      (then (return (call $greet (i32.const 64) (i32.const 5)))))

    ;; The quote behind the key, that before the name, and that behind it.
    (local.set $name (call $quote (i32.add (local.get $name) (i32.const 1)) (local.get $end)))
    (local.set $name (call $quote (i32.add (local.get $name) (i32.const 1)) (local.get $end)))
    (local.set $name (i32.add (local.get $name) (i32.const 1)))
    (local.set $name_end (call $quote (local.get $name) (local.get $end)))
    (if (i32.ge_u (local.get $name_end) (local.get $end))
      (then (return (call $failed (i32.const 112) (i32.const 43)))))

    ;; The skill's own error: callers get `{"error":"the name is empty"}`.
    (if (i32.eq (local.get $name) (local.get $name_end))
      (then (return (call $failed (i32.const 80) (i32.const 29)))))
    (call $greet (local.get $name) (i32.sub (local.get $name_end) (local.get $name))))

  ;; The output, with a name of $len bytes at $name.
  (func $greet (param $name i32) (param $len i32) (result i64)
    (local $out i32)
    (local.set $out (call $alloc (i32.add (local.get $len) (i32.const 23))))
    (if (i32.eqz (local.get $out)) (then (unreachable)))
    (memory.copy (local.get $out) (i32.const 16) (i32.const 20))
    (memory.copy (i32.add (local.get $out) (i32.const 20)) (local.get $name) (local.get $len))
    (memory.copy (i32.add (local.get $out) (i32.add (local.get $len) (i32.const 20))) (i32.const 48) (i32.const 3))
    (call $done (local.get $out) (i32.add (local.get $len) (i32.const 23)))))
