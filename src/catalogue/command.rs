//! What the command of a container says of how long it runs: a name and an image do not tell that.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::json::read;
use crate::kubernetes::pod::Container;

/// Words of a command by which a sidecar does its work once, and ends.
const ONCE: [&str; 4] = ["--one-time", "-one-time", "--exit-after-auth", "-exit-after-auth"];
/// What the programs of well-known sidecars can be told to do besides their work: they do it once, and end.
/// <https://www.elastic.co/docs/reference/beats/filebeat/command-line-options>, <https://vector.dev/docs/reference/cli/> and
/// <https://opentelemetry.io/docs/collector/configuration/>.
const ONCE_COMMANDS: [&str; 6] = ["config", "export", "setup", "test", "validate", "version"];
/// Variables that say the same.
const ONCE_VARIABLES: [&str; 2] = ["GITSYNC_ONE_TIME", "GIT_SYNC_ONE_TIME"];

/// By what a container ends when its work is done, as far as that can be seen.
pub fn ends_by_itself(container: &Container) -> Option<&'static str> {
    let is_on = |value: &str| matches!(value, "1" | "t" | "T" | "true" | "TRUE" | "True");
    let words = words(container);
    // The first word may be the program, or what it is told to do.
    let told = words.iter().take(2).take_while(|word| !word.starts_with('-'));
    let told = told.filter_map(|word| ONCE_COMMANDS.iter().copied().find(|known| known == word)).next();
    let mut words = words.iter().flat_map(|part| part.split_whitespace());
    let flag = words.find_map(|word| {
        let (name, value) = word.split_once('=').unwrap_or((word, "true"));
        ONCE.iter().copied().find(|flag| *flag == name && is_on(value))
    });
    // Almost no environment has such a variable; what is escaped may be one.
    let may_have_one = |env: &&RawValue| ["ONE_TIME", "\\u"].iter().any(|part| env.get().contains(part));
    let env = container.env.filter(may_have_one).and_then(|env| read::lenient::<Value>(env.get()));
    let env = env.unwrap_or_default();
    let mut env = env.as_array().into_iter().flatten();
    told.or(flag).or_else(|| {
        env.find_map(|variable| {
            let known = ONCE_VARIABLES.iter().copied().find(|known| variable["name"] == *known)?;
            variable["value"].as_str().is_some_and(is_on).then_some(known)
        })
    })
}

/// Words by which a shell script never ends.
const ENDLESS: [&str; 5] = ["tail -f", "tail -F", "sleep infinity", "while true", "while :"];

/// Whether a container plainly never ends by itself, so that there is nothing that it does in the end.
pub fn is_endless(container: &Container) -> bool {
    let script = words(container).join(" ");
    ENDLESS.iter().any(|words| script.contains(words))
}

/// The command and the arguments of a container.
fn words(container: &Container) -> Vec<String> {
    let lists = [container.command, container.args].into_iter().flatten();
    let parts = lists.flat_map(|list| read::children(list.get()));
    parts.filter_map(|(_, part)| read::text(part).map(|text| text.into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn some_commands_are_done_once() {
        for (container, expected) in [
            (json!({"args": ["--one-time"]}), Some("--one-time")),
            (json!({"args": ["--one-time=false"]}), None),
            (json!({"command": ["sh", "-c", "git-sync --one-time && true"]}), Some("--one-time")),
            (json!({"env": [{"name": "GITSYNC_ONE_TIME", "value": "true"}]}), Some("GITSYNC_ONE_TIME")),
            (json!({"args": ["setup", "-e"]}), Some("setup")),
            (json!({"command": ["vector"], "args": ["validate", "/etc/vector.yaml"]}), Some("validate")),
            (json!({"command": ["vector", "--config", "validate"]}), None),
            (json!({"args": ["--env", "test"]}), None),
            (json!({}), None),
        ] {
            let text = container.to_string();
            let container: Container = read::lenient(&text).unwrap_or_default();
            assert_eq!(ends_by_itself(&container), expected, "{text}");
        }
    }
}
