//! What an operator is to the bounds, told from its first bytes: the validator reads all of it, and nobody else needs to.

/// An operator's part in what a compiler has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// One more in a straight line.
    Straight,
    /// Makes the graph that a compiler works on larger than a straight line. Whatever begins a block does.
    Steers,
    /// The same, with so many targets.
    Table(u32),
}

impl Part {
    /// The part of the operator that `bytes` begin with. It holds if they are well-formed, and means nothing else.
    #[inline]
    pub(crate) fn of(bytes: &[u8]) -> Self {
        match bytes {
            // Most are: locals, constants, arithmetic.
            [0x20..=0x24 | 0x41..=0xbf, ..] => Self::Straight,
            // block, loop, if, else, br, br_if, call, call_indirect, table.get, table.set, memory.grow
            [0x02..=0x05 | 0x0c | 0x0d | 0x10 | 0x11 | 0x25 | 0x26 | 0x40, ..] => Self::Steers,
            [0x0e, count @ ..] => Self::Table(unsigned(count)),
            [0xfc, which @ ..] => match unsigned(which) {
                // memory.init, memory.copy, memory.fill, table.init, table.copy, table.grow, table.fill
                8 | 10 | 11 | 12 | 14 | 15 | 17 => Self::Steers,
                _ => Self::Straight,
            },
            _ => Self::Straight,
        }
    }
}

/// The number in LEB128 that `bytes` begin with.
fn unsigned(bytes: &[u8]) -> u32 {
    let mut number = 0;
    for (i, byte) in bytes.iter().take(5).enumerate() {
        number |= u32::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            break;
        }
    }
    number
}

#[cfg(test)]
mod tests {
    use wasmparser::{Operator, Parser, Payload};

    use super::*;

    /// The same, told from the whole operator.
    fn of_whole(operator: &Operator<'_>) -> Part {
        use Operator as O;
        match operator {
            O::Block { .. } | O::Loop { .. } | O::If { .. } => Part::Steers,
            O::BrTable { targets } => Part::Table(targets.len()),
            O::Else | O::Br { .. } | O::BrIf { .. } | O::Call { .. } | O::CallIndirect { .. } => Part::Steers,
            O::MemoryGrow { .. } | O::MemoryInit { .. } | O::MemoryCopy { .. } | O::MemoryFill { .. } => Part::Steers,
            O::TableInit { .. } | O::TableCopy { .. } | O::TableFill { .. } | O::TableGrow { .. } => Part::Steers,
            O::TableGet { .. } | O::TableSet { .. } => Part::Steers,
            _ => Part::Straight,
        }
    }

    /// Checks each operator of a module, and gives the number of those that are more than one in a straight line.
    fn check(module: &[u8]) -> usize {
        let mut found = 0;
        for payload in Parser::new(0).parse_all(module) {
            let Payload::CodeSectionEntry(body) = payload.expect("well-formed") else { continue };
            for operator in body.get_operators_reader().expect("well-formed").into_iter_with_offsets() {
                let (operator, at) = operator.expect("well-formed");
                assert_eq!(Part::of(&module[at..]), of_whole(&operator), "{operator:?}");
                found += usize::from(of_whole(&operator) != Part::Straight);
            }
        }
        found
    }

    #[test]
    fn every_operator_that_steers_is_known_by_its_first_bytes() {
        let operators = "block end loop end (if (i32.const 0) (then) (else)) (br_if 0 (i32.const 0)) (call 0)
            (call_indirect (i32.const 0)) (table.set 0 (i32.const 0) (table.get 0 (i32.const 0)))
            (drop (memory.grow (i32.const 0))) (drop (memory.size)) (data.drop 0) (elem.drop 0) (drop (table.size))
            (memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0)) (memory.copy (i32.const 0) (i32.const 0) (i32.const 0))
            (memory.fill (i32.const 0) (i32.const 0) (i32.const 0)) (table.init 0 (i32.const 0) (i32.const 0) (i32.const 0))
            (table.copy (i32.const 0) (i32.const 0) (i32.const 0)) (table.fill 0 (i32.const 0) (ref.null func) (i32.const 0))
            (drop (table.grow 0 (ref.null func) (i32.const 0))) (drop (i32.trunc_sat_f32_s (f32.const 0)))";
        let table = "0 ".repeat(300);
        let text = format!(
            "(module (memory 1) (table 1 funcref) (data \"\") (elem func) (func {operators} (br_table {table} (i32.const 0)))
            (func br 0))"
        );
        assert_eq!(check(&wat::parse_str(text).expect("valid")), 19);
    }

    #[test]
    fn a_number_may_be_longer_than_it_must() {
        assert_eq!(Part::of(&[0xfc, 0x8a, 0x80, 0x00, 0, 0]), Part::Steers);
        assert_eq!(Part::of(&[0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f]), Part::Table(u32::MAX));
        assert_eq!(Part::of(&[0x0e]), Part::Table(0));
        assert_eq!(Part::of(&[]), Part::Straight);
    }
}
