//! `push`: puts the module into an OCI registry, as `kwctl push` does.
//!
//! An artifact has one layer, the module, and an empty config; the annotations of the policy's metadata are those of the
//! manifest: <https://docs.kubewarden.io/explanations/distributing-policies>.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::{Args, ValueEnum};
use docker_credential::DockerCredential;
use oci_client::Reference;
use oci_client::client::{Client, ClientConfig, ClientProtocol, Config, ImageLayer};
use oci_client::errors::OciDistributionError;
use oci_client::manifest::{OciImageManifest, WASM_CONFIG_MEDIA_TYPE, WASM_LAYER_MEDIA_TYPE};
use oci_client::secrets::RegistryAuth;
use serde_json::json;

use crate::engine;
use crate::package::section;

/// Arguments of `push`: those of `kwctl push`.
#[derive(Args, Debug)]
pub struct PushArgs {
    /// The annotated module
    #[arg(value_name = "MODULE")]
    module: PathBuf,

    /// Where to push it: `registry://HOST[:PORT]/PATH:TAG`
    #[arg(value_name = "URI")]
    uri: String,

    /// Also push a module that is not annotated
    #[arg(long, short)]
    force: bool,

    /// Format of the answer
    #[arg(long, short, value_enum, default_value_t = Output::Text)]
    output: Output,

    /// YAML file whose list insecure_sources names registries (`HOST[:PORT]`) that may have an unknown certificate, or none
    #[arg(long, value_name = "FILE")]
    sources_path: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Output {
    Text,
    Json,
}

/// Pushes the module, and says how to refer to just this one.
pub fn run(args: &PushArgs) -> Result<()> {
    let module = engine::read_module(&args.module)?;
    let metadata = section::read(&module).with_context(|| format!("{}", args.module.display()))?;
    if metadata.is_none() && !args.force {
        bail!("{} is not annotated: annotate it, or push it with --force", args.module.display());
    }
    let annotations = metadata.and_then(|metadata| metadata.annotations).map(manifest_annotations);
    let uri = args.uri.strip_prefix("registry://").unwrap_or(&args.uri);
    let reference: Reference =
        uri.parse().map_err(|error| anyhow!("{uri} is no reference of the form HOST[:PORT]/PATH:TAG: {error}"))?;
    let insecure = args.sources_path.as_deref().map(insecure_sources).transpose()?.unwrap_or_default();
    let is_insecure = insecure.iter().any(|source| source == reference.registry());

    let digest = push(&module, &reference, annotations, is_insecure)
        .with_context(|| format!("cannot push to registry://{reference}"))?;
    let immutable = format!("{}/{}@{digest}", reference.registry(), reference.repository());
    match args.output {
        Output::Text => writeln!(io::stdout(), "Policy successfully pushed: {immutable}")?,
        Output::Json => writeln!(io::stdout(), "{}", json!({"immutable_ref": immutable}))?,
    }
    Ok(())
}

/// The annotations of the manifest: those of the policy that fit into a line, and where its source is, in the words of OCI.
fn manifest_annotations(annotations: impl IntoIterator<Item = (String, String)>) -> BTreeMap<String, String> {
    const POLICY_SOURCE: &str = "io.kubewarden.policy.source";
    const IMAGE_SOURCE: &str = "org.opencontainers.image.source";
    let lines = annotations.into_iter().filter(|(_, text)| text.lines().count() <= 1);
    let mut annotations: BTreeMap<_, _> = lines.map(|(name, text)| (name, text.trim().to_owned())).collect();
    if let Some(source) = annotations.get(POLICY_SOURCE).cloned() {
        annotations.entry(IMAGE_SOURCE.to_owned()).or_insert(source);
    }
    annotations
}

/// The registries that a file of sources calls insecure: <https://docs.kubewarden.io/howtos/custom-certificate-authorities>.
fn insecure_sources(path: &Path) -> Result<Vec<String>> {
    let read = || -> Result<Vec<String>> {
        let sources = yaml::parse(&std::fs::read_to_string(path)?)?;
        if !sources["source_authorities"].is_null() {
            bail!("source_authorities are not supported; SSL_CERT_FILE names more certificates");
        }
        let list = sources["insecure_sources"].as_array().into_iter().flatten();
        list.map(|source| source.as_str().map(str::to_owned).context("insecure_sources is no list of texts")).collect()
    };
    read().with_context(|| format!("cannot read {}", path.display()))
}

/// Pushes the module, in the ways in which the registry may be asked. Returns the digest of the manifest, as `sha256:…`.
fn push(
    module: &[u8],
    reference: &Reference,
    annotations: Option<BTreeMap<String, String>>,
    is_insecure: bool,
) -> Result<String> {
    // It may be installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let layers = [ImageLayer::new(module.to_vec(), WASM_LAYER_MEDIA_TYPE.to_owned(), None)];
    let config = Config { data: b"{}"[..].into(), media_type: WASM_CONFIG_MEDIA_TYPE.to_owned(), annotations: None };
    let manifest = OciImageManifest::build(&layers, &config, annotations);
    let auth = credentials(reference.registry());
    // As kwctl asks: first as any registry, then, if that may be, with whatever certificate, then without any.
    let ways: &[(ClientProtocol, bool)] = match is_insecure {
        true => &[(ClientProtocol::Https, false), (ClientProtocol::Https, true), (ClientProtocol::Http, false)],
        false => &[(ClientProtocol::Https, false)],
    };

    let mut pushed = Err(anyhow!("there is no way to ask the registry"));
    for (protocol, accept_invalid_certificates) in ways {
        let client = Client::new(ClientConfig {
            protocol: protocol.clone(),
            accept_invalid_certificates: *accept_invalid_certificates,
            ..ClientConfig::default()
        });
        let push = client.push(reference, &layers, config.clone(), &auth, Some(manifest.clone()));
        pushed = runtime.block_on(push).map_err(|error| refusal(&error, reference.registry()));
        if pushed.is_ok() {
            break;
        }
    }
    let url = pushed?.manifest_url;
    let (_, digest) = url.rsplit_once('/').with_context(|| format!("the registry answers with no digest: {url}"))?;
    Ok(digest.to_owned())
}

/// What `docker login` has written down for this registry.
fn credentials(registry: &str) -> RegistryAuth {
    match docker_credential::get_credential(registry) {
        Ok(DockerCredential::UsernamePassword(user, password)) => RegistryAuth::Basic(user, password),
        Ok(DockerCredential::IdentityToken(_)) | Err(_) => RegistryAuth::Anonymous,
    }
}

/// What the registry, or the way to it, says.
fn refusal(error: &OciDistributionError, registry: &str) -> anyhow::Error {
    match error {
        OciDistributionError::AuthenticationFailure(_)
        | OciDistributionError::UnauthorizedError { .. }
        | OciDistributionError::ServerError { code: 401 | 403, .. } => {
            anyhow!("the registry does not let you: docker login {registry}")
        }
        _ => {
            let mut whole = error.to_string();
            let mut source = error.source();
            while let Some(error) = source {
                let text = error.to_string();
                if !whole.contains(&text) {
                    whole = format!("{whole}: {text}");
                }
                source = error.source();
            }
            anyhow!(whole)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn annotations(given: Value) -> Value {
        let given = given.as_object().cloned().unwrap_or_default();
        let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
        json!(manifest_annotations(given.into_iter().map(|(name, value)| (name, text(value)))))
    }

    #[test]
    fn annotations_are_lines_and_name_the_source() {
        let source = "https://example.com/policy";
        assert_eq!(
            annotations(json!({"io.kubewarden.policy.source": source, "usage": "two\nlines", "title": " a policy\n"})),
            json!({
                "io.kubewarden.policy.source": source,
                "org.opencontainers.image.source": source,
                "title": "a policy",
            })
        );
        let own = json!({"io.kubewarden.policy.source": source, "org.opencontainers.image.source": "elsewhere"});
        assert_eq!(annotations(own.clone()), own);
    }
}
