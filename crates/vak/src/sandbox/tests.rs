//! The specification's two tests of the sandbox.

use std::time::Duration;

use crate::model::{Code, LimitKind, LimitRequest};
use crate::package::{Bounds, RawModule};
use crate::sandbox::{InvokeOutcome, Runtime, RuntimeConfig};
use crate::trust::dangerous::admit_unsigned;
use crate::trust::{Timestamp, Trust};

/// Calls the function `run` of a raw module under a tick of 10 ms.
fn run(text: &str, limits: &[(LimitKind, u64)]) -> InvokeOutcome {
    let mut request = LimitRequest::none();
    for (kind, value) in limits {
        request.set(*kind, *value).expect("in range");
    }
    let module = RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("a module");
    let admitted = admit_unsigned(module, &Trust::nobody(), Timestamp::EPOCH).expect("unsigned");
    let config = RuntimeConfig::default().tick(Duration::from_millis(10));
    let runtime = Runtime::new(config).expect("an engine");
    let compiled = runtime.compile_raw(&admitted, &request).expect("compiled");
    pollster::block_on(compiled.invoke("run", &[])).expect("a function without arguments")
}

/// An infinite loop under ten ticks ends by the epoch, although its fuel would last for hours.
#[test]
fn epoch_interruption() {
    let endless = r#"(module (func (export "run") (loop (br 0))))"#;
    let outcome = run(endless, &[(LimitKind::Time, 100), (LimitKind::Fuel, 1 << 60)]);
    assert_eq!(outcome.result.expect_err("interrupted").code(), Code::LimitTime);
}

/// A memory of 4 GiB is refused before any of it is there.
#[test]
fn memory_limit() {
    let four_gibibytes = r#"(module (memory 65536) (func (export "run")))"#;
    let outcome = run(four_gibibytes, &[]);
    assert_eq!(outcome.result.expect_err("refused").code(), Code::LimitMemory);
    assert_eq!(outcome.usage.peak_memory_bytes, Some(0));
}
