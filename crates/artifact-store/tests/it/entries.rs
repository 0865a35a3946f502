//! The entries of a version, page by page.

use artifact_core::ports::ManifestKind;
use artifact_core::records::ArtifactId;
use artifact_store::service::{EntryLocation, LinkTarget, ListQuery, Service};

use crate::hub::{Hub, md5};
use crate::store::Store;
use crate::world::{World, entity, project};

fn page(
    hub: &Hub,
    id: &ArtifactId,
    after: Option<&str>,
    names: &[String],
) -> (Vec<String>, bool, u64) {
    let query = ListQuery {
        after: after.map(Into::into),
        first: Some(3),
        ..ListQuery::default()
    };
    let slice = hub.service.entries(id, names, &query).unwrap();
    let paths = slice.items.iter().map(|listed| {
        assert_eq!(listed.cursor, listed.item.path.as_str());
        listed.item.path.to_string()
    });
    (paths.collect(), slice.has_more, slice.total)
}

#[tokio::test]
async fn entries_come_by_path_from_any_point_on() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let paths: Vec<String> = (0..8).map(|n| format!("dir/{n}")).collect();
    let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "same")).collect();
    let version = hub.log("data", &files).await;
    let mut found = Vec::new();
    let mut pages = 0;
    loop {
        let after = found.last().cloned();
        let (more_paths, has_more, total) = page(&hub, &version.id, after.as_deref(), &[]);
        assert_eq!(total, 8);
        found.extend(more_paths);
        pages += 1;
        if !has_more {
            break;
        }
    }
    assert_eq!((found, pages), (paths.clone(), 3));

    // Names that are not there count for nothing; those that are named twice count once.
    let mut names: Vec<String> = (0..5000).map(|n| format!("none/{n}")).collect();
    names.extend([5, 1, 2, 7, 1].map(|n: usize| paths[n].clone()));
    let first = page(&hub, &version.id, None, &names);
    assert_eq!(
        first,
        (
            ["dir/1", "dir/2", "dir/5"].map(String::from).into(),
            true,
            4
        )
    );
    let second = page(&hub, &version.id, Some("dir/5"), &names);
    assert_eq!(second, (vec!["dir/7".to_owned()], false, 4));
}

#[tokio::test]
async fn references_are_entries_and_content_is_found_by_its_hash() {
    let store = Store::new();
    let hub = Hub::open(&store);
    let created = hub.create(&hub.request("data", &[]));
    let manifest = hub.manifest(&created.id, ManifestKind::Incremental, None);
    hub.send_files(&created.id, &manifest, &[("a", "one")])
        .await;
    let bytes = format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{{
            "a":{{"digest":"{}","size":3}},
            "r":{{"digest":"etag","ref":"s3://bucket/key","size":5,"extra":{{"etag":"etag"}}}}}}}}"#,
        md5(b"one")
    );
    let receipt = hub
        .service
        .update_manifest(&manifest, md5(bytes.as_bytes()));
    let body = artifact_core::ports::UploadBody::Bytes(bytes.as_bytes());
    let ticket = receipt.unwrap().upload.unwrap();
    artifact_core::ports::BlobTransfer::upload(&hub.engine, &ticket, body, &|_| ())
        .await
        .unwrap();
    let version = hub.commit(&created.id).unwrap();
    assert_eq!((version.file_count, version.size), (2, 8));
    let entries = hub
        .service
        .entries(&version.id, &[], &ListQuery::default())
        .unwrap();
    let locations: Vec<_> = entries
        .items
        .iter()
        .map(|listed| &listed.item.location)
        .collect();
    assert!(matches!(locations[0], EntryLocation::Stored(_)));
    assert!(
        matches!(locations[1], EntryLocation::Reference(uri) if uri.as_str() == "s3://bucket/key")
    );

    let hex = u128::from_be_bytes(*md5(b"one").bytes());
    let hex = format!("{hex:032x}");
    let ticket = hub
        .service
        .content_with_hash(&version.id, &hex)
        .unwrap()
        .unwrap();
    assert_eq!(hub.read(&ticket).await, b"one");
    for wrong in ["", "00", "not hex", &"0".repeat(32)] {
        let found = hub.service.content_with_hash(&version.id, wrong).unwrap();
        assert_eq!(found, None, "{wrong}");
    }
}

#[tokio::test]
async fn ten_thousand_entries_come_together_and_increments_take_them_over() {
    const FILES: usize = 25_000;

    let store = Store::new();
    let hub = Hub::open(&store);
    let entries = (0..FILES)
        .map(|n| format!(r#""{n:06}":{{"digest":"{n}","ref":"s3://bucket/{n}","size":1}}"#));
    let contents = entries.collect::<Vec<_>>().join(",");
    let bytes = format!(
        r#"{{"version":1,"storagePolicy":"wandb-storage-policy-v1","contents":{{{contents}}}}}"#
    );
    let created = hub.create(&hub.request("data", &[]));
    let manifest = hub.manifest(&created.id, ManifestKind::Incremental, None);
    let receipt = hub
        .service
        .update_manifest(&manifest, md5(bytes.as_bytes()));
    let body = artifact_core::ports::UploadBody::Bytes(bytes.as_bytes());
    let ticket = receipt.unwrap().upload.unwrap();
    artifact_core::ports::BlobTransfer::upload(&hub.engine, &ticket, body, &|_| ())
        .await
        .unwrap();
    hub.commit(&created.id).unwrap();

    let added = &[("000005", "other"), ("more", "more")];
    let created = hub.create(&hub.request("data", added));
    hub.store(&created.id, ManifestKind::Incremental, None, added)
        .await
        .unwrap();
    let version = hub.commit(&created.id).unwrap();
    assert_eq!(version.file_count, FILES as u64 + 1);
    let mut query = ListQuery::default();
    let mut lengths = Vec::new();
    loop {
        let slice = hub.service.entries(&version.id, &[], &query).unwrap();
        lengths.push(slice.items.len());
        query.after = slice.items.last().map(|listed| listed.cursor.clone());
        if !slice.has_more {
            break;
        }
    }
    assert_eq!(lengths, [10_000, 10_000, 5001]);
}

#[tokio::test]
async fn content_is_found_in_an_entity_by_its_hash() {
    let world = World::new();
    let hub = Hub::over(&world.engine);
    let (ann, bob) = (world.account("ann"), world.account("bob"));
    // Very many paths of one content, in an entity where nobody looks.
    let paths: Vec<String> = (0..100).map(|n| n.to_string()).collect();
    let files: Vec<_> = paths.iter().map(|path| (path.as_str(), "same")).collect();
    let elsewhere = Hub {
        project: project("elsewhere/vision"),
        ..hub.clone()
    };
    elsewhere.log("many", &files).await;
    let hex = |text: &str| {
        format!(
            "{:032x}",
            u128::from_be_bytes(*md5(text.as_bytes()).bytes())
        )
    };
    let find = |service: &Service, of: &str, text: &str| {
        let found = service.content_of_entity(&entity(of), &hex(text)).unwrap();
        found.is_some()
    };
    assert!(find(&ann, "elsewhere", "same"));
    assert!(
        !find(&ann, "team", "same"),
        "no version of this entity has it"
    );

    let version = hub.log("data", &[("a", "same"), ("b", "other")]).await;
    for text in ["same", "other"] {
        let ticket = ann.content_of_entity(&entity("team"), &hex(text)).unwrap();
        assert_eq!(hub.read(&ticket.unwrap()).await, text.as_bytes());
    }
    assert!(!find(&ann, "nobody", "same"));
    for wrong in ["", "00", "not hex", &"0".repeat(32)] {
        let found = ann.content_of_entity(&entity("team"), wrong).unwrap();
        assert_eq!(found, None, "{wrong}");
    }

    // A version that is not there yet, or not any more, has nothing.
    let created = hub.create(&hub.request("pending", &[("a", "pending")]));
    let manifest = hub.manifest(&created.id, ManifestKind::Full, None);
    hub.send_files(&created.id, &manifest, &[("a", "pending")])
        .await;
    assert!(!find(&ann, "team", "pending"));
    hub.service.delete_version(&version.id, true).unwrap();
    assert!(!find(&ann, "team", "other"));

    // What is ann's own is hers, also where it is linked to from elsewhere.
    let own = Hub {
        project: project("ann/vision"),
        ..hub.clone()
    };
    let own = own.log("data", &[("a", "own")]).await;
    let portfolio = LinkTarget::Named(project("team/vision"), "best".parse().unwrap());
    ann.link(&own.id, &portfolio, &[]).unwrap();
    assert!(find(&ann, "ann", "own") && find(&ann, "team", "own"));
    assert!(!find(&bob, "ann", "own") && !find(&bob, "team", "own"));
}
