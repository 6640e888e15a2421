//! The policy module in the engine that Kubewarden runs it in: wasmtime, spoken to by waPC.

use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use native_sidecar_review::admission::AdmissionResponse;
use native_sidecar_review::answer;
use native_sidecar_review::judge::{Evaluation, Judge};
pub use native_sidecar_review::{host_calls, lookup, session};
use serde_json::Value;
use wapc::WapcHost;
use wasmtime_provider::wasmtime::{self, Config, Module, OptLevel, RegallocAlgorithm};
use wasmtime_provider::{EpochDeadlines, WasmtimeEngineProviderBuilder, WasmtimeEngineProviderPre};

use host_calls::HostCalls;

/// The length of an epoch, by which wasmtime counts time.
const TICK: Duration = Duration::from_millis(100);

/// How long a call may take: 2 s, as in the policy server by default.
const DEADLINE_TICKS: u64 = 20;

/// What the waPC host says of a call that took longer. It has no type for that.
const INTERRUPTED: &str = "guest code interrupted, execution deadline exceeded";

/// A compiled policy module, which clones share. Every call runs in a new instance of it, so no call can tell what came before.
pub struct Engine {
    module: WasmtimeEngineProviderPre,
    host_calls: Arc<HostCalls>,
}

impl Engine {
    /// Compiles the module in a file.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::new(&read_module(path)?).with_context(|| format!("cannot load {}", path.display()))
    }

    /// Compiles a module. It may import nothing but waPC's functions.
    pub fn new(module: &[u8]) -> Result<Self> {
        let mut config = Config::new();
        config.epoch_interruption(true);
        // The module is compiled at each start, and called a few times: what counts is how long the compiler takes.
        config.cranelift_opt_level(OptLevel::None);
        config.cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
        let engine = wasmtime::Engine::new(&config).map_err(|error| anyhow!("{error:#}"))?;
        let module = Module::new(&engine, module).map_err(|error| anyhow!("{error:#}"))?;
        count_epochs(&engine);
        let module = WasmtimeEngineProviderBuilder::new().engine(engine).module(module).build_pre()?;
        Ok(Self { module, host_calls: Arc::default() })
    }

    /// The same module, with somebody to answer its calls to the host.
    pub fn with_host_calls(&self, host_calls: Arc<HostCalls>) -> Self {
        Self { module: self.module.clone(), host_calls }
    }

    /// The version of Kubewarden's protocol that the module speaks, such as `v1`.
    pub fn protocol_version(&self) -> Result<String> {
        let answer = self.call("protocol_version", &[])?;
        serde_json::from_slice(&answer).context("the module's answer to protocol_version")
    }

    /// Calls `validate` with a payload as it is, and returns the answer as it is.
    pub fn validate(&self, payload: &[u8]) -> Result<Vec<u8>> {
        Ok(self.call("validate", payload)?)
    }

    /// Calls `validate_settings` with a payload as it is, and returns the answer as it is.
    pub fn validate_settings(&self, payload: &[u8]) -> Result<Vec<u8>> {
        Ok(self.call("validate_settings", payload)?)
    }

    /// Checks settings as Kubewarden does before it evaluates anything.
    pub fn check_settings(&self, settings: &Value) -> Result<()> {
        let problem = match self.call("validate_settings", settings.to_string().as_bytes()) {
            Err(error) => Some(format!("Error invoking settings validation callback: {error:?}")),
            Ok(answer) => answer::problem_of_settings(&answer),
        };
        problem.map_or(Ok(()), |message| Err(anyhow!("Provided settings are not valid: {message}")))
    }

    /// Evaluates an AdmissionRequest as Kubewarden does: whatever goes wrong is a response, too.
    pub fn evaluate(&self, request: &Value, settings: &Value) -> AdmissionResponse {
        self.judge(request, settings).response
    }

    fn call(&self, operation: &str, payload: &[u8]) -> Result<Vec<u8>, wapc::errors::Error> {
        let deadlines = EpochDeadlines { wapc_init: DEADLINE_TICKS, wapc_func: DEADLINE_TICKS };
        let provider = self.module.rehydrate(Some(deadlines))?;
        let host_calls = Arc::clone(&self.host_calls);
        let callback = move |_: u64, binding: &str, namespace: &str, operation: &str, payload: &[u8]| {
            host_calls.call(binding, namespace, operation, payload).map_err(Into::into)
        };
        WapcHost::new(Box::new(provider), Some(Box::new(callback)))?.call(operation, payload)
    }
}

impl Judge for Engine {
    fn judge(&self, request: &Value, settings: &Value) -> Evaluation {
        match self.call("validate", answer::payload(request, settings).as_bytes()) {
            Err(error) if error.to_string().contains(INTERRUPTED) => {
                let uid = request["uid"].as_str().unwrap_or_default();
                let message = "Policy execution interrupted because it exceeded the allowed execution time";
                Evaluation { response: AdmissionResponse::failure(uid, message.to_owned()), mutated: None }
            }
            answer => answer::of_request(request, answer.map_err(Into::into)),
        }
    }
}

/// Reads a module from a file.
pub fn read_module(path: &Path) -> Result<Vec<u8>> {
    let module = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    // The engine would take the text format, too, and speak of its syntax where a file is something else.
    if !module.starts_with(b"\0asm") {
        bail!("{} is no WebAssembly module", path.display());
    }
    Ok(module)
}

/// Counts epochs for as long as the engine is in use.
fn count_epochs(engine: &wasmtime::Engine) {
    let engine = engine.weak();
    thread::spawn(move || {
        loop {
            thread::sleep(TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A module with these functions besides `wapc_init`; the engine takes the text format, too.
    fn module(imports: &str, guest_call: &str) -> Vec<u8> {
        format!(
            "(module {imports} (memory (export \"memory\") 1) (func (export \"wapc_init\"))
            (data (i32.const 0) \"nonsense\")
            (func (export \"__guest_call\") (param i32 i32) (result i32) {guest_call}))"
        )
        .into_bytes()
    }

    fn response(module: &[u8]) -> AdmissionResponse {
        Engine::new(module).unwrap().evaluate(&json!({"uid": "u", "object": {}}), &json!({}))
    }

    fn message(module: &[u8]) -> String {
        let response = response(module);
        assert_eq!((response.uid.as_str(), response.allowed), ("u", false));
        let status = response.status.unwrap();
        assert_eq!(status.code, Some(500));
        status.message.unwrap()
    }

    #[test]
    fn a_trap_is_an_internal_error() {
        let prefix = "internal server error: Guest call failure: error while executing at wasm backtrace:";
        let message = message(&module("", "unreachable"));
        assert!(message.starts_with(prefix), "{message}");
    }

    #[test]
    fn an_endless_loop_is_interrupted() {
        let expected = "Policy execution interrupted because it exceeded the allowed execution time";
        assert_eq!(message(&module("", "(loop $again (br $again)) (i32.const 1)")), expected);
    }

    #[test]
    fn an_answer_that_is_no_json_is_an_internal_error() {
        let import = "(import \"wapc\" \"__guest_response\" (func $answer (param i32 i32)))";
        let text = module(import, "(call $answer (i32.const 0) (i32.const 8)) (i32.const 1)");
        let expected = "internal server error: invalid response from policy: expected ident at line 1 column 2";
        assert_eq!(message(&text), expected);
        let error = Engine::new(&text).unwrap().check_settings(&json!({})).unwrap_err().to_string();
        assert!(error.starts_with("Provided settings are not valid: error: "), "{error}");
    }

    #[test]
    fn other_imports_are_refused() {
        let text = module("(import \"env\" \"clock\" (func))", "(i32.const 1)");
        let error = Engine::new(&text).map(|_| ()).unwrap_err();
        assert!(format!("{error:#}").contains("env::clock"), "{error:#}");
    }

    #[test]
    fn what_is_no_module_is_refused() {
        assert!(Engine::new(b"nonsense").is_err());
    }
}
