//! What files and variables say, one above the other.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use super::environment::Environment;
use super::error::{SettingsError, Unusable};
use super::files::Files;
use super::key::{self, Key};
use super::source::Source;
use super::warning::SettingsWarning;
use super::{ini, replace};

/// Who says something. A later one overrules an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Layer {
    Global,
    Workspace,
    Variables,
}

/// What one layer says of a setting.
#[derive(Clone)]
pub(super) struct Said {
    pub(super) layer: Layer,
    pub(super) text: OsString,
    pub(super) source: Source,
}

/// What all of them say. It holds secrets, so it cannot be printed.
#[derive(Default)]
pub(super) struct Layers {
    said: BTreeMap<Key, Vec<Said>>,
    /// Where the values come from that were picked.
    pub(super) sources: BTreeMap<Key, Source>,
    pub(super) warnings: Vec<SettingsWarning>,
}

impl Layers {
    pub(super) fn read(environment: &Environment, files: &Files) -> Self {
        let mut layers = Self::default();
        if let Some(global) = files.global() {
            layers.read_file(Layer::Global, &global);
        }
        layers.read_file(Layer::Workspace, &files.workspace);
        for &key in Key::ALL {
            if let Some(text) = environment.variable(key.variable()) {
                layers.said.entry(key).or_default().push(Said {
                    layer: Layer::Variables,
                    text: text.to_owned(),
                    source: Source::Variable(key.variable()),
                });
            }
        }
        layers
    }

    fn read_file(&mut self, layer: Layer, path: &Path) {
        let text = match replace::read(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(error) => {
                let reason =
                    std::error::Error::source(&error).map_or_else(String::new, ToString::to_string);
                return self.warn(path, None, None, format!("it cannot be read: {reason}"));
            }
        };
        let (pairs, odd) = ini::read(&text);
        for line in odd {
            let reason = "it is no `key = value` under `[default]`".to_owned();
            self.warn(path, Some(line), None, reason);
        }
        for pair in pairs {
            let Some(key) = Key::in_files(&pair.key) else {
                if !key::is_official(&pair.key) {
                    let reason = unknown(&pair.key);
                    self.warn(path, Some(pair.line), Some(pair.key), reason);
                }
                continue;
            };
            let said = self.said.entry(key).or_default();
            if let Some(before) = said.pop_if(|said| said.layer == layer)
                && let Source::File { line, .. } = before.source
            {
                let reason = "the file has it again further down".to_owned();
                self.warn(path, Some(line), Some(pair.key.clone()), reason);
            }
            // Empty means that nobody said it.
            if !pair.value.is_empty() {
                self.said.entry(key).or_default().push(Said {
                    layer,
                    text: pair.value.into(),
                    source: Source::File {
                        path: path.to_owned(),
                        line: pair.line,
                    },
                });
            }
        }
    }

    fn warn(&mut self, path: &Path, line: Option<usize>, key: Option<String>, reason: String) {
        self.warnings.push(SettingsWarning {
            path: path.to_owned(),
            line,
            key,
            reason,
        });
    }

    /// Returns what each layer says of a setting, the lowest first.
    pub(super) fn said(&self, key: Key) -> &[Said] {
        self.said.get(&key).map_or(&[], Vec::as_slice)
    }

    /// Returns what the highest layer says that says something usable, and where. What a file says wrong is ignored with
    /// a warning; somebody who sets a variable is there to correct it.
    pub(super) fn pick<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&OsStr) -> Result<T, Unusable>,
    ) -> Result<Option<T>, SettingsError> {
        let mut picked = None;
        for said in self.said(key).to_vec() {
            match (parse(&said.text), said.source) {
                (Ok(value), source) => {
                    picked = Some(value);
                    self.sources.insert(key, source);
                }
                (Err(error), Source::File { path, line }) => {
                    self.warn(
                        &path,
                        Some(line),
                        Some(key.name().to_owned()),
                        error.to_string(),
                    );
                }
                (Err(source), _) => {
                    let variable = key.variable();
                    return Err(SettingsError::Variable { variable, source });
                }
            }
        }
        Ok(picked)
    }

    /// The same for texts.
    pub(super) fn pick_text<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, Unusable>,
    ) -> Result<Option<T>, SettingsError> {
        self.pick(key, |text| match text.to_str() {
            Some(text) => parse(text),
            None => Err(Unusable::new("it is not UTF-8")),
        })
    }
}

/// Says that there is no such setting, and what may have been meant.
fn unknown(name: &str) -> String {
    // What follows `WANDB_` in the variable is the most likely mistake.
    let variable = format!("WANDB_{}", name.to_ascii_uppercase());
    let is_meant = |key: &&Key| key.name() == name || key.variable() == variable;
    let meant = Key::ALL.iter().find(is_meant);
    match meant {
        Some(key) if key.is_in_files() => {
            format!("there is no such setting; it is called `{}`", key.name())
        }
        Some(key) => format!("no file can hold it, only the variable {}", key.variable()),
        None => "there is no such setting".to_owned(),
    }
}
