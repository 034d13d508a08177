//! Plain functions of raw modules.

use vak_model::{Code, LimitKind, LimitRequest};
use vak_package::{Bounds, RawModule};
use vak_runtime::{CompiledModule, InvalidArgument, Number};

pub(crate) fn module(text: &str, limits: &LimitRequest) -> CompiledModule {
    let raw = RawModule::read(wat::parse_str(text).expect("valid text"), &Bounds::default()).expect("valid");
    let admitted = crate::unsigned(raw).expect("unsigned");
    crate::runtime().compile_raw(&admitted, limits).expect("compiled")
}

fn invoke(text: &str, function: &str, arguments: &[&str]) -> Result<Vec<Number>, InvalidArgument> {
    let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let module = module(text, &LimitRequest::none());
    let outcome = pollster::block_on(module.invoke(function, &arguments))?;
    Ok(outcome.result.expect("results"))
}

const ARITHMETIC: &str = r#"(module
    (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "wide") (param i64) (result i64) (local.get 0))
    (func (export "half") (param f64) (result f64) (f64.div (local.get 0) (f64.const 2)))
    (func (export "both") (param f32) (result f32 i32) (local.get 0) (i32.const 7))
    (func (export "none"))
    (func (export "spin") (loop (br 0)))
    (func (export "ref") (param funcref)))"#;

#[test]
fn numbers_go_in_and_numbers_come_out() {
    assert_eq!(invoke(ARITHMETIC, "add", &["2", "-3"]), Ok(vec![Number::I32(-1)]));
    assert_eq!(invoke(ARITHMETIC, "add", &["4294967295", "0"]), Ok(vec![Number::I32(-1)]));
    assert_eq!(invoke(ARITHMETIC, "wide", &["-9223372036854775808"]), Ok(vec![Number::I64(i64::MIN)]));
    assert_eq!(invoke(ARITHMETIC, "half", &["5"]), Ok(vec![Number::F64(2.5)]));
    assert_eq!(invoke(ARITHMETIC, "both", &["1.5"]), Ok(vec![Number::F32(1.5), Number::I32(7)]));
    assert_eq!(invoke(ARITHMETIC, "none", &[]), Ok(vec![]));
}

#[test]
fn arguments_that_do_not_fit_are_refused_before_anything_runs() {
    let refused = |function: &str, arguments: &[&str]| invoke(ARITHMETIC, function, arguments).expect_err("refused");
    assert!(matches!(refused("mul", &[]), InvalidArgument::NoFunction(_)));
    assert!(matches!(refused("add", &["1"]), InvalidArgument::Count { expected: 2, given: 1, .. }));
    assert!(matches!(refused("add", &["1", "x"]), InvalidArgument::Number { ty: "i32", .. }));
    assert!(matches!(refused("add", &["1", "4294967296"]), InvalidArgument::Number { .. }));
    assert!(matches!(refused("ref", &["1"]), InvalidArgument::NotNumbers(_)));
}

#[test]
fn a_raw_function_runs_under_the_limits_that_are_stated() {
    let mut limits = LimitRequest::none();
    limits.set(LimitKind::Fuel, 5000).expect("in range");
    let outcome = pollster::block_on(module(ARITHMETIC, &limits).invoke("spin", &[])).expect("fits");
    assert_eq!(outcome.result.expect_err("out of fuel").code(), Code::LimitFuel);
    assert_eq!(outcome.usage.fuel, Some(5000));
}
