//! References that are checked, and frozen.

use serde_json::json;
use wandb_rs::{Error, FlowError, ReferenceReport, ReferenceState, ResolveError};

use super::objects::Objects;
use super::{Place, log, read, refer};
use crate::command::Shell;
use crate::server::KEY;

fn states(report: &ReferenceReport) -> Vec<(&str, &'static str)> {
    let state = |state: &ReferenceState| match state {
        ReferenceState::Ok => "ok",
        ReferenceState::Changed { .. } => "changed",
        ReferenceState::Missing => "missing",
        ReferenceState::UnknownScheme => "unknown scheme",
        ReferenceState::NotCheckable { .. } => "not checkable",
        _ => "failed",
    };
    let references = report.references.iter();
    references
        .map(|one| (one.path.as_str(), state(&one.state)))
        .collect()
}

#[tokio::test]
async fn every_reference_is_told_what_became_of_it_and_nothing_is_fetched() {
    for place in Place::each() {
        let objects = Objects::start(&[("p/a", "a\n"), ("p/b", "b\n"), ("p/c", "c\n")]);
        let client = place.client();
        let data = log(&client, "data", &[("x", b"x\n")]).await;
        let local = format!("file://{}", place.write("local", "l\n").display());
        let [a, b, c] = ["a", "b", "c"].map(|name| format!("{}/p/{name}", objects.url()));
        let entry = data.entry("x").await.unwrap().ref_url();
        let references = [
            ("a", a.as_str()),
            ("b", &b),
            ("c", &c),
            ("entry", &entry),
            ("f", "nfs://host/f"),
            ("l", &local),
        ];
        let logged = refer(&client, "all", &references).await.unwrap();
        let all_well = logged.check_references(true).await.unwrap();
        assert!(!all_well.has_drift() && !all_well.has_failures());

        objects.put("p/b", "B\n");
        objects.remove("p/c");
        objects.asked();
        let report = logged.check_references(true).await.unwrap();
        assert_eq!(
            states(&report),
            [
                ("a", "ok"),
                ("b", "changed"),
                ("c", "missing"),
                ("entry", "ok"),
                ("f", "unknown scheme"),
                ("l", "ok"),
            ]
        );
        assert!(report.has_drift());
        let asked = objects.asked();
        let unchanged = asked.iter().filter(|asked| asked.ends_with("/p/a"));
        assert_eq!(unchanged.collect::<Vec<_>>(), ["HEAD /p/a"]);
        place.write("local", "L\n");
        let report = logged.check_references(true).await.unwrap();
        assert_eq!(states(&report)[5], ("l", "changed"));
        let is_own = place.server.is_none();
        let report = logged.check_references(false).await.unwrap();
        let expected = if is_own { "changed" } else { "not checkable" };
        assert_eq!(states(&report)[5], ("l", expected));
    }
}

#[tokio::test]
async fn frozen_references_are_content_of_the_next_version() {
    for place in Place::each() {
        let objects = Objects::start(&[("p/a", "a\n")]);
        let client = place.client();
        let data = log(&client, "data", &[("x", b"x\n")]).await;
        let url = format!("{}/p/a", objects.url());
        let mut mixed = wandb_rs::Artifact::new("mixed", "dataset")
            .unwrap()
            .description("kept");
        mixed
            .new_file("own", |file| std::io::Write::write_all(file, b"own\n"))
            .unwrap();
        mixed.add_reference(url.as_str()).unwrap();
        mixed.add_reference(data.entry("x").await.unwrap()).unwrap();
        let mixed = client.save(mixed).await.unwrap();

        let frozen = mixed.freeze_references().await.unwrap();
        assert!(!frozen.is_deduplicated);
        let version = frozen.artifact;
        assert_eq!(version.version.to_string(), "v1");
        assert_eq!(version.description.as_deref(), Some("kept"));
        let other = mixed.freeze_references().name("other".parse().unwrap());
        let other = other.await.unwrap().artifact;
        assert_eq!(
            (other.digest, other.name.as_str()),
            (version.digest, "other")
        );
        objects.remove("p/a");
        for (number, frozen) in [version, other].into_iter().enumerate() {
            let manifest = frozen.manifest().await.unwrap();
            assert!(manifest.iter().all(|(_, entry)| entry.reference.is_none()));
            assert!(frozen.verify_stored().await.unwrap().is_ok());
            let root = place.path(&format!("copy-{number}"));
            frozen.download().to(&root).await.unwrap();
            assert_eq!(read(&root, "own"), b"own\n");
            assert_eq!(read(&root, "a"), b"a\n");
            assert_eq!(read(&root, "x"), b"x\n");
        }
        let again = data.freeze_references().await.unwrap_err();
        assert!(again.to_string().ends_with("has no references"), "{again}");
        let left = std::fs::read_dir(place.path("cache/wandb-rs-copies"));
        assert_eq!(left.unwrap().count(), 0, "nothing is left behind");
    }
}

#[tokio::test]
async fn what_drifted_is_not_frozen_and_both_digests_are_named() {
    for place in Place::each() {
        let objects = Objects::start(&[("p/a", "a\n"), ("p/b", "b\n")]);
        let client = place.client();
        let [a, b] = ["a", "b"].map(|name| format!("{}/p/{name}", objects.url()));
        let logged = refer(&client, "all", &[("a", &a), ("b", &b)])
            .await
            .unwrap();
        objects.put("p/b", "B\n");
        let error = logged.freeze_references().await.unwrap_err();
        let Error::Flow(FlowError::Reference(ResolveError::Changed {
            recorded, found, ..
        })) = &error
        else {
            panic!("{error:?}");
        };
        let told = error.to_string();
        assert!(told.contains(recorded) && told.contains(found), "{told}");
        assert_ne!(recorded, found);
        let newest = client.artifact("all").await.unwrap();
        assert_eq!(newest.version, logged.version, "nothing was logged");
    }
}

#[test]
fn the_command_tells_of_drift_with_3_and_freezes() {
    for place in Place::each() {
        let objects = Objects::start(&[("p/a", "a\n"), ("p/b", "b\n")]);
        let shell = match &place.server {
            None => Shell::new().env("WANDB_RS_STORE", "store"),
            Some(server) => Shell::new()
                .env("WANDB_BASE_URL", server.url())
                .env("WANDB_API_KEY", KEY),
        };
        let [a, b] = ["a", "b"].map(|name| format!("{}/p/{name}?sig=hush", objects.url()));
        shell.write("local", "l\n");
        let put = ["artifact", "put", &a, &b, "local", "--name", "all"];
        assert_eq!(shell.json(&put).0, 0);
        let check = ["artifact", "refs", "check", "all"];
        let verify = ["artifact", "verify", "all"];
        let (code, said) = shell.json(&check);
        assert_eq!((code, &said["ok"]), (0, &json!(2)), "{said}");
        let (code, said) = shell.json(&verify);
        assert_eq!((code, &said["ok"]), (0, &json!(3)), "{said}");

        let freeze = ["artifact", "refs", "freeze", "all", "--name", "frozen"];
        let (code, said) = shell.json(&[&freeze[..], &["--alias", "whole"]].concat());
        assert_eq!((code, &said["fileCount"]), (0, &json!(3)), "{said}");
        assert_eq!(said["aliases"], json!(["latest", "whole"]));

        objects.put("p/b", "B\n");
        let (code, said) = shell.json(&check);
        assert_eq!(
            (code, &said["ok"], &said["changed"]),
            (3, &json!(1), &json!(1))
        );
        let line = &said["references"][1];
        assert_eq!(
            (&line["path"], &line["state"]),
            (&json!("b"), &json!("changed"))
        );
        assert_ne!(line["recorded"], line["found"]);
        assert!(!said.to_string().contains("hush"), "{said}");
        let (code, said) = shell.json(&verify);
        assert_eq!((code, &said["changed"]), (3, &json!(["b"])), "{said}");
        let (code, said) = shell.json(&["artifact", "verify", "frozen"]);
        assert_eq!((code, &said["references"]), (0, &json!(0)), "{said}");
        // What was fetched before is there still, as it was recorded.
        assert_eq!(shell.json(&freeze).1["deduplicated"], true);
        let cache = shell.folder.path().join("home/.cache/wandb/artifacts");
        std::fs::remove_dir_all(cache).unwrap();
        let refused = shell.run(&freeze);
        let told = String::from_utf8(refused.stderr).unwrap();
        assert_eq!(refused.status.code(), Some(1));
        assert!(
            told.contains("recorded as") && told.contains("refs check"),
            "{told}"
        );

        let people = shell.run(&check);
        let people = String::from_utf8(people.stdout).unwrap();
        assert!(people.starts_with("ok       a  http://"), "{people}");
        let end = "1 ok, 1 changed, 0 missing, 0 unknown scheme, 0 not checkable, 0 failed\n";
        assert!(people.ends_with(end), "{people}");
    }
}
