//! `artifact put` with URIs, as typed.

use serde_json::{Value, json};

use super::objects::Objects;
use crate::command::Shell;
use crate::server::{KEY, TestServer};

/// A shell whose registry is a store of its own or a server, and whose clouds are `objects`.
fn shell(server: Option<&TestServer>, objects: &Objects) -> Shell {
    let shell = Shell::new()
        .env("AWS_ENDPOINT_URL", objects.url())
        .env("AWS_ACCESS_KEY_ID", "AKIA")
        .env("AWS_SECRET_ACCESS_KEY", "hush-hush")
        .env("AWS_REGION", "us-east-1")
        .env("STORAGE_EMULATOR_HOST", objects.url())
        .env("WANDB_PROJECT", "demo");
    match server {
        None => shell.env("WANDB_RS_STORE", "store"),
        Some(server) => shell
            .env("WANDB_BASE_URL", server.url())
            .env("WANDB_API_KEY", KEY),
    }
}

fn words(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

/// Runs a test over a store and over a server.
fn each(objects: impl Fn() -> Objects, test: impl Fn(Shell, Objects)) {
    let server = TestServer::start();
    for registry in [None, Some(&server)] {
        let store = objects();
        test(shell(registry, &store), store);
    }
}

/// Returns the entries of an artifact: path, reference and digest.
fn entries(shell: &Shell, address: &str) -> Vec<(String, Value, Value)> {
    let (code, said) = shell.json(&["artifact", "info", address, "--manifest"]);
    assert_eq!(code, 0);
    let contents = said["manifest"]["contents"].as_object().unwrap();
    let entry = |(path, entry): (&String, &Value)| {
        (path.clone(), entry["ref"].clone(), entry["digest"].clone())
    };
    contents.iter().map(entry).collect()
}

#[test]
fn uris_of_every_scheme_and_files_are_logged_in_one_call() {
    each(
        || Objects::start(&[]),
        |shell, objects| {
            shell.write("local.txt", "here\n");
            shell.run(&words("artifact put local.txt --name other"));
            let other = shell.json(&words("artifact info other")).1;
            let entry = format!("{}/local.txt", other["uri"].as_str().unwrap());
            let named = [
                ("local.txt", ""),
                ("s3://b/d/k", "s3/k"),
                ("gs://b/d/n", "gs/n"),
                ("https://h/p/f.bin", ""),
                ("https://acct.blob.core.windows.net/c/d/blob", "blob"),
                ("file:local.txt", "from-file"),
                ("nfs://host/f", "f"),
                (&entry, "from-artifact"),
            ];
            let mut put = words("artifact put --name all --no-checksum");
            // An empty `--as` leaves the name as it is.
            put.extend(named.iter().flat_map(|(path, name)| [*path, "--as", name]));
            let (code, said) = shell.json(&put);
            assert_eq!((code, &said["fileCount"]), (0, &json!(8)), "{said}");
            assert_eq!(said["recordedOnly"], json!(["nfs://host/f"]));
            let found = entries(&shell, "all");
            let digest = |path: &str| &found.iter().find(|entry| entry.0 == path).unwrap().2;
            let reference = |path: &str| &found.iter().find(|entry| entry.0 == path).unwrap().1;
            for (path, uri) in [
                ("s3/k", "s3://b/d/k"),
                ("gs/n", "gs://b/d/n"),
                ("f.bin", "https://h/p/f.bin"),
                ("blob", "https://acct.blob.core.windows.net/c/d/blob"),
                ("f", "nfs://host/f"),
            ] {
                assert_eq!(*reference(path), uri);
                assert_eq!(*digest(path), uri, "the URI stands for the content");
            }
            assert_eq!(*reference("from-artifact"), entry);
            // Of what the manifest tells there is nothing to leave out.
            assert_eq!(digest("from-artifact"), digest("local.txt"));
            assert_eq!(*reference("local.txt"), Value::Null);
            assert_eq!(*reference("from-file"), "file:local.txt");
            assert_eq!(objects.asked(), [""; 0], "no store was asked");
            let told = shell.run(&words("artifact put nfs://host/f --as f --name only"));
            let told = String::from_utf8(told.stdout).unwrap();
            assert!(told.contains("nfs://host/f is only recorded"), "{told}");
        },
    );
}

#[test]
fn objects_of_stores_are_logged_with_their_digests_and_fetched_once() {
    let objects = || {
        Objects::start(&[
            ("b/images/cat.png", "cat\n"),
            ("b/images/dog.png", "dog\n"),
            ("b/images-old/x", "x\n"),
            ("pub/f.bin", "file\n"),
        ])
    };
    each(objects, |shell, objects| {
        shell.write("local.txt", "here\n");
        let url = format!("{}/pub/f.bin?X-Amz-Signature=hush-hush", objects.url());
        let line = [
            "artifact",
            "put",
            "s3://b/images",
            "gs://b/images",
            "local.txt",
            &url,
        ];
        let names = ["--as", "s3", "--as", "gs", "--as", "here/l", "--as", ""];
        let (code, said) = shell.json(&[&line[..], &names, &["--name", "data"]].concat());
        assert_eq!((code, &said["fileCount"]), (0, &json!(6)), "{said}");
        let found = entries(&shell, "data");
        let paths: Vec<_> = found.iter().map(|entry| entry.0.as_str()).collect();
        assert_eq!(
            paths,
            [
                "f.bin",
                "gs/cat.png",
                "gs/dog.png",
                "here/l",
                "s3/cat.png",
                "s3/dog.png"
            ]
        );
        // The MD5 of "cat\n", as the store's ETag.
        assert_eq!(found[4].2, "54b8617eca0e54c7d3c8e6732c6b687a");
        assert!(!format!("{found:?}").contains("hush"), "{found:?}");

        objects.asked();
        let get = |root: &str| {
            let (code, got) = shell.json(&["artifact", "get", "data", "--root", root]);
            assert_eq!((code, &got["placedFiles"]), (0, &json!(6)), "{got}");
            let path = shell.folder.path().join(root).join("s3/dog.png");
            assert_eq!(std::fs::read(path).unwrap(), b"dog\n");
        };
        get("one");
        assert_eq!(objects.asked().len(), 5, "each once");
        get("two");
        assert_eq!(objects.asked(), [""; 0], "all of it was kept");

        // What is kept and wrong is not believed.
        let kept = shell
            .folder
            .path()
            .join("home/.cache/wandb/artifacts/obj/etag");
        for folder in std::fs::read_dir(kept).unwrap() {
            for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_none() {
                    let length = std::fs::read(&path).unwrap().len();
                    std::fs::write(&path, vec![b'!'; length]).unwrap();
                }
            }
        }
        get("three");
        assert_eq!(objects.asked().len(), 5, "each again");
    });
}

#[test]
fn nothing_is_logged_when_one_of_several_uris_fails() {
    let objects = || Objects::start(&[("b/images/cat.png", "cat\n"), ("b/images/dog.png", "d")]);
    each(objects, |shell, objects| {
        shell.write("local.txt", "here\n");
        let gone = format!("{}/pub/gone?token=hush-hush", objects.url());
        let all = [
            "artifact",
            "put",
            "local.txt",
            "s3://b/images",
            "--name",
            "data",
        ];
        let fails = |words: &[&str], said: &[&str]| {
            let output = shell.run(&[&all[..], words].concat());
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{told}");
            for said in said {
                assert!(told.contains(said), "{told}");
            }
            assert!(!told.contains("hush"), "{told}");
        };
        fails(&[&gone], &["nothing found at http://", "/pub/gone"]);
        fails(&["s3://b/none"], &["nothing found at s3://b/none"]);
        fails(&["nfs://host/f"], &["nfs://host/f", "--as PATH"]);
        fails(
            &["--max-objects", "1"],
            &["more than 1 objects", "s3://b/images", "--max-objects N"],
        );
        fails(&["--as", "x"], &["2 paths and 1 `--as` are given"]);
        let listed = shell.json(&["artifact", "ls"]).1;
        assert_eq!(listed["artifacts"], json!([]), "{listed}");

        let empty = [&all[..], &["s3://b/none", "--allow-empty"]].concat();
        let (code, said) = shell.json(&empty);
        assert_eq!((code, &said["fileCount"]), (0, &json!(3)), "{said}");
        let (code, said) = shell.json(&words("artifact put s3://b/none --name none --allow-empty"));
        assert_eq!((code, &said["fileCount"]), (0, &json!(0)), "{said}");
    });
}
