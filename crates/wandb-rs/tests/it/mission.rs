//! The tables and examples of the page on creating artifacts, through the library.

use std::io::Write as _;
use std::path::Path;

use wandb_rs::{AddDir, AddFile, AddReference, Artifact, ReferenceUri};

use crate::tree::{Place, TREE, files_in};

type Outcome = Result<(), Box<dyn std::error::Error>>;

/// A call, and what the artifact holds then: path and file of the tree.
struct Row {
    call: &'static str,
    apply: fn(&mut Artifact, &Path) -> Outcome,
    contents: &'static [(&'static str, &'static str)],
}

/// Returns the reference to a file or folder of the tree.
fn uri(tree: &Path, path: &str) -> ReferenceUri {
    format!("file://{}/{path}", tree.display()).parse().unwrap()
}

const TABLE: &[Row] = &[
    Row {
        call: "new_file('hello.txt')",
        apply: |artifact, _| {
            artifact.new_file("hello.txt", |file| file.write_all(b"hello\n"))?;
            Ok(())
        },
        contents: &[("hello.txt", "hello.txt")],
    },
    Row {
        call: "add_file('hello.txt')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("hello.txt"))?;
            Ok(())
        },
        contents: &[("hello.txt", "hello.txt")],
    },
    Row {
        call: "add_file('hello.txt', name='new/path/hello_world.txt')",
        apply: |artifact, tree| {
            let file = AddFile::new(tree.join("hello.txt"));
            artifact.add_file(file.name("new/path/hello_world.txt"))?;
            Ok(())
        },
        contents: &[("new/path/hello_world.txt", "hello.txt")],
    },
    Row {
        call: "add_file('model.h5')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("model.h5"))?;
            Ok(())
        },
        contents: &[("model.h5", "model.h5")],
    },
    Row {
        call: "add_file('checkpoints/model.h5')",
        apply: |artifact, tree| {
            artifact.add_file(tree.join("checkpoints/model.h5"))?;
            Ok(())
        },
        contents: &[("model.h5", "checkpoints/model.h5")],
    },
    Row {
        call: "add_file('model.h5', name='models/mymodel.h5')",
        apply: |artifact, tree| {
            let file = AddFile::new(tree.join("model.h5"));
            artifact.add_file(file.name("models/mymodel.h5"))?;
            Ok(())
        },
        contents: &[("models/mymodel.h5", "model.h5")],
    },
    Row {
        call: "add_dir('images')",
        apply: |artifact, tree| {
            artifact.add_dir(tree.join("images"))?;
            Ok(())
        },
        contents: &[("cat.png", "images/cat.png"), ("dog.png", "images/dog.png")],
    },
    Row {
        call: "add_dir('images', name='images')",
        apply: |artifact, tree| {
            artifact.add_dir(AddDir::new(tree.join("images")).name("images"))?;
            Ok(())
        },
        contents: &[
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
        ],
    },
    Row {
        call: "add_dir('.')",
        apply: |artifact, tree| {
            artifact.add_dir(tree.join("."))?;
            Ok(())
        },
        contents: &[
            (".dotfile", ".dotfile"),
            (".hidden/x", ".hidden/x"),
            ("checkpoints/model.h5", "checkpoints/model.h5"),
            ("hello.txt", "hello.txt"),
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
            ("model.h5", "model.h5"),
            ("models/model.h5", "models/model.h5"),
        ],
    },
    Row {
        call: "add_reference('file:///tree/model.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference::new(uri(tree, "model.h5")))?;
            Ok(())
        },
        contents: &[("model.h5", "model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/checkpoints/model.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference::new(uri(tree, "checkpoints/model.h5")))?;
            Ok(())
        },
        contents: &[("model.h5", "checkpoints/model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/model.h5', name='models/mymodel.h5')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference {
                name: Some("models/mymodel.h5".parse()?),
                ..AddReference::new(uri(tree, "model.h5"))
            })?;
            Ok(())
        },
        contents: &[("models/mymodel.h5", "model.h5")],
    },
    Row {
        call: "add_reference('file:///tree/images')",
        apply: |artifact, tree| {
            artifact.add_reference(uri(tree, "images").as_str())?;
            Ok(())
        },
        contents: &[("cat.png", "images/cat.png"), ("dog.png", "images/dog.png")],
    },
    Row {
        call: "add_reference('file:///tree/images', name='images')",
        apply: |artifact, tree| {
            artifact.add_reference(AddReference {
                name: Some("images".parse()?),
                ..AddReference::new(uri(tree, "images"))
            })?;
            Ok(())
        },
        contents: &[
            ("images/cat.png", "images/cat.png"),
            ("images/dog.png", "images/dog.png"),
        ],
    },
];

fn content(file: &str) -> &'static str {
    TREE.iter().find(|(path, _)| *path == file).unwrap().1
}

#[tokio::test]
async fn every_call_of_the_tables_has_its_contents() {
    let place = Place::with_tree();
    let client = place.client();
    for (number, row) in TABLE.iter().enumerate() {
        let call = row.call;
        let mut artifact = Artifact::new(format!("row-{number}"), "dataset").unwrap();
        (row.apply)(&mut artifact, &place.path("tree")).unwrap_or_else(|e| panic!("{call}: {e}"));
        let saved = client
            .save(artifact)
            .await
            .unwrap_or_else(|e| panic!("{call}: {e}"));

        let manifest = saved.manifest().await.unwrap();
        let found: Vec<_> = manifest
            .iter()
            .map(|(path, entry)| (path.as_str(), entry))
            .collect();
        let paths: Vec<&str> = found.iter().map(|(path, _)| *path).collect();
        let expected: Vec<&str> = row.contents.iter().map(|(path, _)| *path).collect();
        assert_eq!(paths, expected, "{call}");
        for ((_, entry), (_, file)) in found.iter().zip(row.contents) {
            let expected = call
                .starts_with("add_reference")
                .then(|| uri(&place.path("tree"), file));
            assert_eq!(entry.reference, expected, "{call}");
            assert_eq!(entry.size, Some(content(file).len() as u64), "{call}");
            assert!(entry.digest.content().is_some(), "{call}");
        }

        let root = place.path(&format!("copies/{number}"));
        saved
            .download()
            .to(&root)
            .await
            .unwrap_or_else(|e| panic!("{call}: {e}"));
        let expected = row.contents.iter();
        let expected = expected.map(|(path, file)| ((*path).to_owned(), content(file).into()));
        assert_eq!(files_in(&root), expected.collect(), "{call}");
        assert!(saved.verify(&root).await.unwrap().is_ok(), "{call}");
    }
}

#[tokio::test]
async fn the_whole_example_of_the_page_works() {
    let place = Place::with_tree();
    let client = place.client();
    let mut artifact = Artifact::new("my-data", "dataset").unwrap();
    artifact
        .add_file(AddFile::new(place.path("tree/hello.txt")).name("greeting"))
        .unwrap();
    artifact
        .add_dir(AddDir::new(place.path("tree/images")).name("pictures"))
        .unwrap();

    let run = client
        .init()
        .project("demo".parse().unwrap())
        .job_type("upload")
        .start()
        .await
        .unwrap();
    let logged = run.log_artifact(artifact).await.unwrap();
    run.finish().await.unwrap();

    assert_eq!(logged.to_string(), "local/demo/my-data:v0");
    assert_eq!((logged.file_count, logged.size), (3, 14));
    let by = logged.logged_by().await.unwrap().unwrap();
    assert_eq!(by.job_type.as_deref(), Some("upload"));
    assert_eq!(by.exit_code, Some(0));
}
