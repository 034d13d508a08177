//! Calling a plain function of a raw module: numbers in, numbers out, no imports, no JSON.

use std::pin::pin;
use std::str::FromStr;

use vak_model::Usage;
use wasmtime::{Linker, Store, Val, ValType};

use crate::CompiledModule;
use crate::call::{flatten, new_store, usage};
use crate::error::CallError;
use crate::guest::classify;
use crate::meter::Meter;
use crate::watch::Watch;

/// A number that a function gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// 32-bit integer, signed.
    I32(i32),
    /// 64-bit integer, signed.
    I64(i64),
    /// 32-bit float.
    F32(f32),
    /// 64-bit float.
    F64(f64),
}

/// An argument that does not fit the function.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidArgument {
    /// No such function.
    #[error("the module exports no function `{0}`")]
    NoFunction(String),
    /// A function of vectors or references.
    #[error("`{0}` takes or gives something that is not a number")]
    NotNumbers(String),
    /// Too many, or too few.
    #[error("`{name}` takes {expected} arguments, not {given}")]
    Count {
        /// The function.
        name: String,
        /// How many it takes.
        expected: usize,
        /// How many were given.
        given: usize,
    },
    /// Not a number of the type.
    #[error("`{text}` is not a number of type {ty}")]
    Number {
        /// What was given.
        text: String,
        /// The type, as WebAssembly names it.
        ty: &'static str,
    },
}

/// How an invocation ended, and what it used.
#[derive(Debug)]
#[must_use]
pub struct InvokeOutcome {
    /// The results, or why there are none.
    pub result: Result<Vec<Number>, CallError>,
    /// What was used.
    pub usage: Usage,
}

impl CompiledModule {
    /// Calls `function` with `arguments`, each written as a decimal number.
    ///
    /// # Errors
    /// The function does not exist, or does not take these arguments; nothing ran then.
    pub async fn invoke(&self, function: &str, arguments: &[String]) -> Result<InvokeOutcome, InvalidArgument> {
        let arguments = self.parse_arguments(function, arguments)?;
        let compiled = &self.compiled;
        let mut watch = Watch::start(&compiled.limits);
        let mut store = match new_store(&compiled.engine, &compiled.limits, &watch) {
            Ok(store) => store,
            Err(error) => return Ok(InvokeOutcome { result: Err(error), usage: Usage::default() }),
        };
        let ran = {
            let exchange = pin!(self.exchange(&mut store, function, &arguments));
            watch.over(&compiled.engine, exchange).await
        };
        let result = flatten(ran, &compiled.limits);
        let usage = usage(&store, &watch, &compiled.limits, &result, compiled.compile_time);
        Ok(InvokeOutcome { result, usage })
    }

    async fn exchange(
        &self,
        store: &mut Store<Meter>,
        function: &str,
        arguments: &[Val],
    ) -> Result<Vec<Number>, CallError> {
        let compiled = &self.compiled;
        let failed = |error: wasmtime::Error| classify(&error, &compiled.limits);
        let linker = Linker::new(&compiled.engine.engine);
        let instance = linker.instantiate_async(&mut *store, &compiled.module).await.map_err(failed)?;
        store.set_fuel(compiled.limits.get(vak_model::LimitKind::Fuel)).map_err(failed)?;
        let function = instance
            .get_func(&mut *store, function)
            .ok_or_else(|| CallError::Internal("the checked function is gone".to_owned()))?;
        let mut results = vec![Val::I32(0); function.ty(&*store).results().len()];
        function.call_async(&mut *store, arguments, &mut results).await.map_err(failed)?;
        Ok(results.iter().filter_map(number).collect())
    }

    fn parse_arguments(&self, name: &str, given: &[String]) -> Result<Vec<Val>, InvalidArgument> {
        let shown = || vak_model::printable(name, 80);
        let Some(wasmtime::ExternType::Func(ty)) = self.compiled.module.get_export(name) else {
            return Err(InvalidArgument::NoFunction(shown()));
        };
        if !ty.params().chain(ty.results()).all(|ty| ty.is_num()) {
            return Err(InvalidArgument::NotNumbers(shown()));
        }
        if ty.params().len() != given.len() {
            return Err(InvalidArgument::Count { name: shown(), expected: ty.params().len(), given: given.len() });
        }
        ty.params().zip(given).map(|(ty, text)| parse_number(&ty, text)).collect()
    }
}

fn parse_number(ty: &ValType, text: &str) -> Result<Val, InvalidArgument> {
    fn read<T: FromStr>(text: &str) -> Option<T> {
        text.parse().ok()
    }
    let (name, value) = match ty {
        ValType::I32 => ("i32", read(text).or_else(|| read(text).map(u32::cast_signed)).map(Val::I32)),
        ValType::I64 => ("i64", read(text).or_else(|| read(text).map(u64::cast_signed)).map(Val::I64)),
        ValType::F32 => ("f32", read(text).map(|value: f32| Val::F32(value.to_bits()))),
        ValType::F64 => ("f64", read(text).map(|value: f64| Val::F64(value.to_bits()))),
        _ => ("number", None),
    };
    value.ok_or_else(|| InvalidArgument::Number { text: vak_model::printable(text, 40), ty: name })
}

fn number(value: &Val) -> Option<Number> {
    Some(match value {
        Val::I32(value) => Number::I32(*value),
        Val::I64(value) => Number::I64(*value),
        Val::F32(bits) => Number::F32(f32::from_bits(*bits)),
        Val::F64(bits) => Number::F64(f64::from_bits(*bits)),
        _ => return None,
    })
}
