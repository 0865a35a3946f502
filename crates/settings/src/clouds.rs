//! What the environment says of clouds that references lead to.

use std::collections::BTreeMap;
use std::fmt;

use super::environment::Environment;

/// What is read. Everything else the clouds' own libraries look for themselves.
const VARIABLES: &[&str] = &[
    "AWS_S3_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "AWS_REGION",
    "STORAGE_EMULATOR_HOST",
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_TENANT_ID",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
];

/// What the environment says of clouds. Some of it is secret, so it does not print.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Clouds(BTreeMap<&'static str, String>);

impl Clouds {
    pub(super) fn of(environment: &Environment) -> Self {
        let said = VARIABLES.iter().filter_map(|name| {
            let value = environment.variable(name)?.to_str()?;
            Some((*name, value.to_owned()))
        });
        Self(said.collect())
    }

    /// Returns what a variable says.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

impl fmt::Debug for Clouds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_do_not_print() {
        let folder = tempfile::tempdir().unwrap();
        let variables = [("AZURE_STORAGE_KEY", "hush"), ("OTHER", "x")];
        let clouds = Clouds::of(&Environment::in_folder(folder.path(), &variables));
        assert_eq!(clouds.get("AZURE_STORAGE_KEY"), Some("hush"));
        assert_eq!(format!("{clouds:?}"), r#"{"AZURE_STORAGE_KEY"}"#);
    }
}
