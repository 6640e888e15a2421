//! A module in the engine, called over and over in one instance: what is measured is the module, not how the engine makes
//! instances, which is the same for all.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use wasmtime_provider::wasmtime::{
    Caller, Config, Engine, Error, Extern, Instance, Linker, Memory, Module, Store, TypedFunc,
};

/// What the calls of the waPC protocol exchange: <https://wapc.io/docs/spec/>.
#[derive(Default)]
struct Exchange {
    operation: Vec<u8>,
    payload: Vec<u8>,
    answer: Vec<u8>,
    /// What calls to the host are answered with.
    host_answer: Vec<u8>,
}

/// A compiled module.
pub struct Compiled {
    module: Module,
    /// The size of its file, in bytes.
    pub size: usize,
}

/// An instance of a module.
pub struct Guest {
    store: Store<Exchange>,
    instance: Instance,
    call: TypedFunc<(i32, i32), i32>,
}

/// The engine, set up as the policy server does: it counts epochs, to end what takes too long.
pub fn engine() -> Result<Engine> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    Engine::new(&config).map_err(|error| anyhow!("{error:#}"))
}

impl Compiled {
    /// Compiles a module from a file.
    pub fn load(engine: &Engine, path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let module = Module::new(engine, &bytes).map_err(|error| anyhow!("{}: {error:#}", path.display()))?;
        Ok(Self { module, size: bytes.len() })
    }

    /// Makes an instance.
    pub fn guest(&self) -> Result<Guest> {
        let make = || -> Result<Guest, Error> {
            let engine = self.module.engine();
            let mut store = Store::new(engine, Exchange::default());
            store.set_epoch_deadline(u64::MAX / 2);
            let instance = linker(engine)?.instantiate(&mut store, &self.module)?;
            instance.get_typed_func::<(), ()>(&mut store, "wapc_init")?.call(&mut store, ())?;
            let call = instance.get_typed_func(&mut store, "__guest_call")?;
            Ok(Guest { store, instance, call })
        };
        make().map_err(|error| anyhow!("{error:#}"))
    }
}

impl Guest {
    /// Answers every call of the module to its host with this.
    pub fn answer_with(&mut self, answer: &str) {
        self.store.data_mut().host_answer = answer.as_bytes().to_vec();
    }

    /// Calls `validate` with a payload. Returns the answer, and how long the call took.
    pub fn validate(&mut self, payload: &str) -> Result<(Vec<u8>, Duration)> {
        let exchange = self.store.data_mut();
        exchange.operation = b"validate".to_vec();
        exchange.payload = payload.as_bytes().to_vec();
        let lengths = (exchange.operation.len() as i32, exchange.payload.len() as i32);
        let start = Instant::now();
        let success = self.call.call(&mut self.store, lengths).map_err(|error| anyhow!("{error:#}"))?;
        let time = start.elapsed();
        let answer = std::mem::take(&mut self.store.data_mut().answer);
        anyhow::ensure!(success == 1, "the module fails: {}", String::from_utf8_lossy(&answer));
        Ok((answer, time))
    }

    /// How much linear memory the instance has taken until now, in bytes.
    pub fn memory(&mut self) -> usize {
        self.instance.get_memory(&mut self.store, "memory").map_or(0, |memory| memory.data_size(&self.store))
    }
}

fn memory(caller: &mut Caller<'_, Exchange>) -> Result<Memory, Error> {
    let memory = caller.get_export("memory").and_then(Extern::into_memory);
    memory.ok_or_else(|| Error::msg("the module has no memory"))
}

/// The host's side of waPC.
fn linker(engine: &Engine) -> Result<Linker<Exchange>, Error> {
    type Call<'c> = Caller<'c, Exchange>;
    let mut linker = Linker::new(engine);
    linker.func_wrap("wapc", "__guest_request", |mut caller: Call, operation: u32, payload: u32| {
        let memory = memory(&mut caller)?;
        let (data, exchange) = memory.data_and_store_mut(&mut caller);
        put(data, operation, &exchange.operation)?;
        put(data, payload, &exchange.payload)
    })?;
    for name in ["__guest_response", "__guest_error"] {
        linker.func_wrap("wapc", name, |mut caller: Call, place: u32, length: u32| {
            let memory = memory(&mut caller)?;
            let (data, exchange) = memory.data_and_store_mut(&mut caller);
            let answer = data.get(place as usize..place as usize + length as usize);
            exchange.answer = answer.unwrap_or_default().to_vec();
            Ok::<(), Error>(())
        })?;
    }
    for name in ["__host_response", "__host_error"] {
        linker.func_wrap("wapc", name, |mut caller: Call, place: u32| {
            let memory = memory(&mut caller)?;
            let (data, exchange) = memory.data_and_store_mut(&mut caller);
            put(data, place, &exchange.host_answer)
        })?;
    }
    for name in ["__host_response_len", "__host_error_len"] {
        linker.func_wrap("wapc", name, |caller: Call| caller.data().host_answer.len() as u32)?;
    }
    linker.func_wrap("wapc", "__console_log", |_: u32, _: u32| {})?;
    linker.func_wrap("wapc", "__host_call", |_: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32, _: u32| 1_u32)?;
    Ok(linker)
}

fn put(data: &mut [u8], place: u32, bytes: &[u8]) -> Result<(), Error> {
    let place = data.get_mut(place as usize..place as usize + bytes.len());
    let place = place.ok_or_else(|| Error::msg("no room in the module's memory"))?;
    place.copy_from_slice(bytes);
    Ok(())
}
