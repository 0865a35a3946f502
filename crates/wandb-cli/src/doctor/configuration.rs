//! Settings from the environment and files.

use super::finding::Findings;
use wandb_rs::probe::read_certificates;
use wandb_rs::{Key, Settings, Source};

/// Reports settings that are not defaults, and ignored lines.
pub(super) fn settings(settings: &Settings, findings: &mut Findings) {
    for listed in settings.list() {
        if let (Some(value), true) = (listed.value, listed.source != Source::Default) {
            let name = listed.key.name();
            findings.ok("setting", format!("{name} is {value} ({})", listed.source));
        }
    }
    for warning in settings.warnings() {
        findings.warning(
            "setting",
            warning.to_string(),
            "correct or remove that line; it is ignored",
        );
    }
}

/// Looks at the files of certificates.
pub(super) fn certificates(settings: &Settings, findings: &mut Findings) {
    let named = [
        (Key::CaBundle, &settings.ca_bundle),
        (Key::CertFile, &settings.cert_file),
    ];
    for (key, path) in named {
        let Some(path) = path else { continue };
        let (variable, shown) = (key.variable(), path.display());
        match read_certificates(path) {
            Ok(files) if files.is_empty() => findings.warning(
                "certificates",
                format!("{variable} names {shown}, in which there are none"),
                format!("let {variable} name a PEM file, or unset it"),
            ),
            Ok(_) => findings.ok(
                "certificates",
                format!("those of {variable} are trusted, too: {shown}"),
            ),
            Err(error) => findings.error(
                "certificates",
                format!("{variable} names {shown}, which cannot be used: {error}"),
                format!("let {variable} name a PEM file, or unset it"),
            ),
        }
    }
}

/// Tells what leads requests elsewhere.
pub(super) fn proxies(settings: &Settings, findings: &mut Findings) {
    for variable in settings.proxies() {
        findings.ok("proxy", format!("{} is {}", variable.name, variable.value));
    }
}
