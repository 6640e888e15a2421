//! Sessions: a policy's questions about Kubernetes objects with their answers, in the format that kwctl records and replays.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::lookup::{Answers, Lookup};

/// A session that is replayed: each question has to be the next one of it.
#[derive(Debug)]
pub struct Replay {
    left: Mutex<VecDeque<Exchange>>,
    /// Whether a question may be any one of it that is left.
    in_any_order: bool,
}

/// A question and its answer.
#[derive(Debug)]
struct Exchange {
    lookup: Lookup,
    response: Response,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "type")]
enum Response {
    Success { payload: String },
    Error { message: String },
}

impl Replay {
    /// Replays a session.
    pub fn new(session: &str) -> Result<Self> {
        #[derive(Deserialize)]
        struct Recorded {
            request: String,
            response: Response,
        }
        let recorded: Vec<Recorded> = serde_json::from_value(yaml::parse(session)?)?;
        let exchange = |(index, Recorded { request, response })| {
            let lookup = lookup(request).with_context(|| format!("request of exchange {}", index + 1))?;
            Ok(Exchange { lookup, response })
        };
        let exchanges: Result<VecDeque<Exchange>> = recorded.into_iter().enumerate().map(exchange).collect();
        Ok(Self { left: Mutex::new(exchanges?), in_any_order: false })
    }

    /// The same session, in which a question may be any one that is left: for one that is written by hand.
    #[must_use]
    pub fn in_any_order(self) -> Self {
        Self { in_any_order: true, ..self }
    }

    /// Replays the session in a file.
    pub fn of_file(path: &Path) -> Result<Self> {
        let session = std::fs::read_to_string(path)
            .map_err(|error| anyhow!("Cannot open host capabilities interactions file {path:?}: {error}"))?;
        Self::new(&session).with_context(|| format!("cannot deserialize contents of {path:?}"))
    }
}

impl Answers for Replay {
    fn leftovers(&self) -> usize {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    fn answer(&self, lookup: &Lookup) -> Result<Vec<u8>> {
        let mut session = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let position = |asked: &Exchange| self.in_any_order && asked.lookup == *lookup;
        let next = session.iter().position(position).unwrap_or_default();
        let Exchange { lookup: expected, response } =
            session.remove(next).context("the list of recorded responses is empty")?;
        if expected != *lookup {
            bail!("Replay error: unexpected request. Was expecting {expected:?}, got {lookup:?} instead");
        }
        match response {
            Response::Success { payload } => Ok(payload.into_bytes()),
            Response::Error { message } => bail!(message),
        }
    }
}

/// A request in a session is YAML whose tag says what it is: `!KubernetesGetResource`.
fn lookup(text: String) -> Result<Lookup> {
    let document = yaml::documents(&text).next().context("empty")??;
    let tag = document.root.tag.context("no tag such as !KubernetesGetResource")?;
    Ok(serde_json::from_value(json!({tag.trim_start_matches('!'): document.value}))?)
}

/// Records what somebody else answers.
pub struct Recorder<A> {
    inner: A,
    session: Mutex<String>,
}

impl<A: Answers> Recorder<A> {
    /// Records the answers of this one.
    pub fn new(inner: A) -> Self {
        Self { inner, session: Mutex::default() }
    }

    /// The session until now, as YAML.
    pub fn session(&self) -> String {
        match self.session.lock().unwrap_or_else(PoisonError::into_inner).as_str() {
            "" => "[]\n".to_owned(),
            session => session.to_owned(),
        }
    }
}

impl<A: Answers> Answers for Recorder<A> {
    fn answer(&self, lookup: &Lookup) -> Result<Vec<u8>> {
        let answer = self.inner.answer(lookup);
        let exchange = exchange(lookup, &answer)?;
        *self.session.lock().unwrap_or_else(PoisonError::into_inner) += &exchange;
        answer
    }
}

/// Returns an exchange as YAML, an item of a session. Each text and each list in it is JSON, which is YAML, too.
pub fn exchange(lookup: &Lookup, answer: &Result<Vec<u8>>) -> Result<String> {
    let Value::Object(lookup) = serde_json::to_value(lookup)? else { bail!("a lookup without a kind") };
    let (kind, fields) = lookup.into_iter().next().context("a lookup without a kind")?;
    let mut text = format!("- type: Exchange\n  request: |\n    !{kind}\n");
    for (name, value) in fields.as_object().into_iter().flatten() {
        text += &format!("    {name}: {value}\n");
    }
    let (kind, name, value) = match answer {
        Ok(payload) => ("Success", "payload", String::from_utf8_lossy(payload).into_owned()),
        Err(error) => ("Error", "message", error.to_string()),
    };
    Ok(text + &format!("  response:\n    type: {kind}\n    {name}: {}\n", json!(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(name: &str) -> Lookup {
        Lookup::KubernetesGetResource {
            api_version: "v1".to_owned(),
            kind: "Namespace".to_owned(),
            name: name.to_owned(),
            namespace: None,
            disable_cache: false,
            field_masks: None,
        }
    }

    fn nodes() -> Lookup {
        Lookup::KubernetesListResourceAll {
            api_version: "v1".to_owned(),
            kind: "Node".to_owned(),
            label_selector: None,
            field_selector: None,
            field_masks: Some(["metadata.name".to_owned()].into()),
        }
    }

    const SESSION: &str = "\
- type: Exchange
  request: |
    !KubernetesGetResource
    api_version: v1
    kind: Namespace
    name: default
    namespace: null
    disable_cache: false
  response:
    type: Success
    payload: '{\"kind\":\"Namespace\"}'
- type: Exchange
  request: |
    !KubernetesListResourceAll
    api_version: v1
    kind: Node
    label_selector: null
    field_selector: null
    field_masks:
    - metadata.name
  response:
    type: Error
    message: no such kind
";

    fn answer(answers: &impl Answers, lookup: &Lookup) -> Result<String, String> {
        let answer = answers.answer(lookup).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(answer).unwrap())
    }

    #[test]
    fn exchanges_are_answered_in_order() {
        let replay = Replay::new(SESSION).unwrap();
        assert_eq!(answer(&replay, &get("default")), Ok("{\"kind\":\"Namespace\"}".to_owned()));
        assert_eq!(answer(&replay, &nodes()), Err("no such kind".to_owned()));
        assert_eq!(replay.leftovers(), 0);
        assert_eq!(answer(&replay, &nodes()), Err("the list of recorded responses is empty".to_owned()));
    }

    #[test]
    fn exchanges_are_answered_in_any_order_where_that_is_wanted() {
        let replay = Replay::new(SESSION).unwrap().in_any_order();
        assert_eq!(answer(&replay, &nodes()), Err("no such kind".to_owned()));
        assert!(answer(&replay, &nodes()).unwrap_err().starts_with("Replay error: unexpected request."));
        assert_eq!(replay.leftovers(), 0);
    }

    #[test]
    fn another_request_is_an_error() {
        let message = "Replay error: unexpected request. Was expecting KubernetesGetResource { api_version: \"v1\", kind: \
            \"Namespace\", name: \"default\", namespace: None, disable_cache: false, field_masks: None }, got \
            KubernetesGetResource { api_version: \"v1\", kind: \"Namespace\", name: \"other\", namespace: None, \
            disable_cache: false, field_masks: None } instead";
        assert_eq!(answer(&Replay::new(SESSION).unwrap(), &get("other")), Err(message.to_owned()));
    }

    #[test]
    fn what_is_recorded_is_replayed() {
        let recorder = Recorder::new(Replay::new(SESSION).unwrap());
        assert_eq!(recorder.session(), "[]\n");
        let asked = [get("default"), nodes()];
        let answers: Vec<_> = asked.iter().map(|lookup| answer(&recorder, lookup)).collect();
        let replay = Replay::new(&recorder.session()).unwrap();
        assert_eq!(asked.iter().map(|lookup| answer(&replay, lookup)).collect::<Vec<_>>(), answers);
        assert_eq!(replay.leftovers(), 0);
    }

    #[test]
    fn a_wrong_session_is_refused() {
        let error = |session: &str| format!("{:#}", Replay::new(session).unwrap_err());
        let response = "response: {type: Success, payload: x}";
        let untagged = format!("- {{type: Exchange, request: 'kind: Node', {response}}}");
        assert_eq!(error(&untagged), "request of exchange 1: no tag such as !KubernetesGetResource");
        let unknown = format!("- {{type: Exchange, request: '!Nothing {{}}', {response}}}");
        assert!(error(&unknown).starts_with("request of exchange 1: unknown variant `Nothing`"), "{}", error(&unknown));
        assert_eq!(error("a: 1\nb: ["), "line 2, column 4: unclosed bracket '['");
    }
}
