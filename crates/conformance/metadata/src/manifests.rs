//! Rules of manifests, entries, blobs and uploads in parts.

use artifact_core::ports::ManifestKind;
use artifact_core::{ContentDigest, EntryDigest, LogicalPath};
use artifact_store::metadata::{
    BlobUse, EntryContent, EntryRow, ListedContent, ManifestFile, ManifestKey, MetadataStore,
    MetadataStoreExt as _, PartsRow, SnapshotExt as _, StoredContent,
};
use serde_json::json;

use crate::fixture::{
    Fixture, Rule, Seed, at, content, digest, entries, file, md5, put_files, value, write,
};

fn paths(rows: &[(String, u8)]) -> Vec<(&str, u8)> {
    rows.iter()
        .map(|(path, number)| (path.as_str(), *number))
        .collect()
}

/// Entries are listed by path, bytewise, page by page; one at the same path is replaced.
pub fn entries_are_listed_by_path(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let sorted = ["A", "a", "a!b", "a/b", "a/ä", "aa", "b"];
    let manifest = write(&*store, |tx| {
        let (_, manifest) = seed.pending(tx, 1)?;
        for path in sorted.iter().rev() {
            put_files(tx, manifest, &[(path, 1)])?;
        }
        put_files(tx, manifest, &[("a", 2)])?;
        tx.delete_entries(manifest, &[value("b"), value("unknown")])?;
        Ok(manifest)
    })?;
    let sorted = &sorted[..6];
    store.reading(|rows| {
        let (mut listed, mut after) = (Vec::new(), String::new());
        while let page = rows.entries_after(manifest, &after, 4)?
            && let Some(last) = page.last()
        {
            after = last.path.to_string();
            listed.extend(page.into_iter().map(|entry| entry.path.to_string()));
        }
        assert_eq!(listed, sorted);
        let contents = rows.contents_after(manifest, Some(&value("a!b")), 2)?;
        let found: Vec<_> = contents.iter().map(|row| row.path.as_str()).collect();
        assert_eq!(found, ["a/b", "a/ä"]);
        assert_eq!(rows.manifest_totals(manifest)?, (7, 6));
        Ok(())
    })?;
    let all = entries(&*store, manifest)?;
    assert_eq!(paths(&all)[..2], [("A", 1), ("a", 2)]);
    Ok(())
}

/// Batches answer in the order of their questions.
pub fn batches_answer_in_order(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let manifest = write(&*store, |tx| {
        let (_, manifest) = seed.pending(tx, 1)?;
        put_files(tx, manifest, &[("a", 1), ("b", 2)])?;
        let reference = reference("c");
        tx.put_entries(manifest, &[reference])?;
        Ok(manifest)
    })?;
    let asked: Vec<LogicalPath> = ["c", "none", "b", "a", "b"].map(value).into();
    store.reading(|rows| {
        let [a, b] = [1, 2].map(|number| Some(StoredContent::Blob(content(number))));
        let found = rows.stored_contents(manifest, &asked)?;
        assert_eq!(found, [Some(StoredContent::Elsewhere), None, b, a, b]);
        let rows_at = rows.contents_at(manifest, &asked.iter().collect::<Vec<_>>())?;
        let sizes: Vec<_> = rows_at
            .iter()
            .map(|row| row.as_ref().map(|row| row.size))
            .collect();
        assert_eq!(sizes, [None, None, Some(2), Some(1), Some(2)]);
        let listed = rows.entries_at(manifest, &["c", "none", "a"])?;
        let listed: Vec<_> = listed.iter().map(|entry| entry.path.as_str()).collect();
        assert_eq!(listed, ["c", "a"]);
        let sizes = rows.blob_sizes(&[content(2), content(9), content(1)])?;
        assert_eq!(sizes, [Some(2), None, Some(1)]);
        assert!(rows.content_at(manifest, &value("c"))?.is_none());
        Ok(())
    })
}

fn reference(path: &str) -> EntryRow {
    EntryRow {
        path: value(path),
        digest: EntryDigest::Opaque("etag".into()),
        size: None,
        content: EntryContent::Reference(value("s3://bucket/key")),
        extra: serde_json::Map::from_iter([("etag".to_owned(), json!("x"))]),
        birth: None,
    }
}

/// An entry is listed as it was written: a reference with its address, other fields as they are.
pub fn entries_are_as_they_were_written(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let wanted = ContentDigest::Xxh128([3; 16]);
    let (version, manifest) = write(&*store, |tx| {
        let (version, manifest) = seed.pending(tx, 1)?;
        let stored = EntryRow {
            digest: wanted.into(),
            birth: Some(version),
            ..file(tx, "b", 3)?
        };
        tx.put_entries(manifest, &[reference("a"), stored])?;
        Ok((version, manifest))
    })?;
    let listed = store.reading(|rows| rows.entries_after(manifest, "", 9))?;
    let (first, second) = (&listed[0], &listed[1]);
    assert_eq!(
        (&first.digest, first.size),
        (&EntryDigest::Opaque("etag".into()), None)
    );
    assert_eq!(first.extra["etag"], "x");
    assert!(
        matches!(&first.content, ListedContent::Reference(uri) if uri.as_str() == "s3://bucket/key")
    );
    assert_eq!((&second.digest, second.size), (&wanted.into(), Some(3)));
    assert!(matches!(second.content, ListedContent::Blob(key) if key == content(3)));
    assert_eq!((second.birth, second.extra.len()), (Some(version), 0));
    Ok(())
}

/// References are deleted batch by batch; entries with a blob stay.
pub fn references_are_deleted_in_batches(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let manifest = write(&*store, |tx| {
        let (_, manifest) = seed.pending(tx, 1)?;
        put_files(tx, manifest, &[("b", 1), ("d", 2)])?;
        tx.put_entries(manifest, &["a", "c", "e"].map(reference))?;
        Ok(manifest)
    })?;
    let mut after = Some(String::new());
    let mut batches = Vec::new();
    while let Some(last) = after {
        after = write(&*store, |tx| tx.delete_references(manifest, &last, 2))?;
        batches.push(after.clone());
    }
    assert_eq!(batches, [Some("b".to_owned()), Some("d".to_owned()), None]);
    assert_eq!(paths(&entries(&*store, manifest)?), [("b", 1), ("d", 2)]);
    Ok(())
}

/// Stored content is found by the hash in its digest, in one manifest and in the next one that has it.
pub fn content_is_found_by_its_hash(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (first, second) = write(&*store, |tx| {
        let (_, first) = seed.pending(tx, 1)?;
        let (_, second) = seed.pending(tx, 2)?;
        put_files(tx, first, &[("a", 1)])?;
        put_files(tx, second, &[("b", 1), ("c", 2)])?;
        Ok((first, second))
    })?;
    store.reading(|rows| {
        assert_eq!(rows.content_with_hash(second, &[1; 16])?, Some(content(1)));
        assert_eq!(rows.content_with_hash(first, &[2; 16])?, None);
        let next = |after| rows.manifest_with_hash(&[1; 16], after);
        assert_eq!(next(None)?, Some((first, content(1))));
        assert_eq!(next(Some(first))?, Some((second, content(1))));
        assert_eq!(next(Some(second))?, None);
        Ok(())
    })
}

/// A version has one full manifest; partial ones are listed by age.
pub fn a_version_has_one_full_manifest(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (base, version, full, partials) = write(&*store, |tx| {
        let (base, _) = seed.committed(tx, 1, &[])?;
        let (version, full) = seed.pending(tx, 2)?;
        let incremental = ManifestKind::Incremental;
        let partials = [
            tx.insert_manifest(version, incremental, Some(base), None)?,
            tx.insert_manifest(version, ManifestKind::Patch, None, Some(seed.run))?,
        ];
        Ok((base, version, full, partials))
    })?;
    let again = write(&*store, |tx| {
        tx.insert_manifest(version, ManifestKind::Full, None, None)
    });
    assert!(again.is_err());
    store.reading(|rows| {
        let found = rows.manifest_of(version)?.expect("it exists");
        assert_eq!(
            (found.key, found.version, found.base),
            (full, version, None)
        );
        let found = rows.partial_manifests(version)?;
        let keys: Vec<_> = found.iter().map(|row| row.key).collect();
        assert_eq!(keys, partials);
        assert_eq!(
            (found[0].kind, found[0].base),
            (ManifestKind::Incremental, Some(base))
        );
        Ok(())
    })?;
    write(&*store, |tx| tx.delete_manifest(partials[0]))?;
    assert!(store.reading(|rows| rows.manifest(partials[0]))?.is_none());
    Ok(())
}

/// A manifest has a file or a writer that is storing it, and each writer has a mark of its own.
pub fn each_writer_of_a_manifest_has_its_mark(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (_, manifest) = write(&*store, |tx| seed.pending(tx, 1))?;
    let row = || store.reading(|rows| Ok(rows.manifest(manifest)?.expect("it exists")));
    let set_file = || {
        write(&*store, |tx| {
            let blob = tx.ensure_blobs(&[(content(8), 8)])?[0].key;
            let digest = md5(8);
            tx.set_manifest_file(manifest, Some(ManifestFile { blob, digest }))
        })
    };
    set_file()?;
    assert_eq!(
        (row()?.file, row()?.storing),
        (Some((content(8), md5(8))), None)
    );
    let first = write(&*store, |tx| tx.begin_storing(manifest))?;
    assert_eq!((row()?.file, row()?.storing), (None, Some(first)));
    let second = write(&*store, |tx| tx.begin_storing(manifest))?;
    assert_ne!(first, second);
    assert_eq!(row()?.storing, Some(second));
    set_file()?;
    assert_eq!(row()?.storing, None);
    write(&*store, |tx| tx.set_manifest_file(manifest, None))?;
    assert_eq!(row()?.file, None);
    Ok(())
}

/// Files by path and content.
type Files = &'static [(&'static str, u8)];

/// The files of another writer, those of this one, and the paths that conflict.
type Case = (Files, Files, Option<(&'static str, &'static str)>);

/// Writers of one version conflict where they have other content at one path, or a file where another has a folder.
pub fn partial_manifests_conflict_by_path(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let cases: [Case; 6] = [
        (&[("a", 1), ("b", 2)], &[("a", 1), ("c", 3)], None),
        (&[("b", 1)], &[("a", 1), ("b", 2)], Some(("b", "b"))),
        (&[("d/x", 1)], &[("d", 1)], Some(("d", "d/x"))),
        (&[("d", 1)], &[("c", 1), ("d/e/x", 1)], Some(("d/e/x", "d"))),
        (&[("d!", 1), ("d0", 1)], &[("d/x", 1)], None),
        (&[], &[("a", 1)], None),
    ];
    for (number, (theirs, ours, expected)) in (1..).zip(cases) {
        let partial = write(&*store, |tx| {
            let version = tx.insert_version(&seed.version(number))?;
            Seed::partial(tx, version, Some(seed.run), theirs)?;
            Seed::partial(tx, version, None, ours)
        })?;
        let found = store.reading(|rows| rows.partial_conflict(partial))?;
        let found = found.as_ref();
        let at_paths = found.map(|it| (it.path.as_str(), it.other_path.as_str()));
        assert_eq!(at_paths, expected, "{theirs:?} {ours:?}");
        if let Some(found) = found {
            assert_eq!((&found.own, &found.other), (&None, &Some(value("first"))));
        }
    }
    Ok(())
}

/// The latest partial manifest of a run counts: it never conflicts with earlier ones, which give way to it.
pub fn a_run_does_not_conflict_with_itself(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (version, earlier, later) = write(&*store, |tx| {
        let version = tx.insert_version(&seed.version(1))?;
        let run = Some(seed.run);
        let earlier = Seed::partial(
            tx,
            version,
            run,
            &[("a", 1), ("d/x", 2), ("f", 3), ("k", 4)],
        )?;
        let later = Seed::partial(tx, version, run, &[("a", 9), ("d", 5), ("f/y", 6)])?;
        Ok((version, earlier, later))
    })?;
    assert!(
        store
            .reading(|rows| rows.partial_conflict(later))?
            .is_none()
    );
    let mut given_up = write(&*store, |tx| tx.delete_own_conflicts(later))?;
    given_up.sort();
    assert_eq!(given_up, [content(2), content(3)]);
    assert_eq!(paths(&entries(&*store, earlier)?), [("a", 1), ("k", 4)]);
    let whole = write(&*store, |tx| {
        let whole = tx.insert_manifest(version, ManifestKind::Full, None, None)?;
        tx.merge_partial(whole, earlier)?;
        tx.merge_partial(whole, later)?;
        Ok(whole)
    })?;
    let merged = entries(&*store, whole)?;
    assert_eq!(paths(&merged), [("a", 9), ("d", 5), ("f/y", 6), ("k", 4)]);
    let left = store.reading(|rows| rows.unmerged_content(version, whole))?;
    assert_eq!(
        left,
        [content(1)],
        "the manifest files are not content of entries"
    );
    Ok(())
}

/// Partial manifests give the same whole in any order; a base adds only the paths that are free.
pub fn partial_manifests_merge_in_any_order(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let merge = |number: u8, reverse: bool| {
        write(&*store, |tx| {
            let version = tx.insert_version(&seed.version(number))?;
            // The same digest, but other content: a forged MD5.
            let mut partials = Vec::new();
            for blob in [1, 2] {
                let partial = Seed::partial(tx, version, None, &[])?;
                let entry = EntryRow {
                    digest: md5(7).into(),
                    size: Some(7),
                    ..file(tx, "same", blob)?
                };
                tx.put_entries(partial, &[entry])?;
                put_files(tx, partial, &[(["x", "y"][usize::from(blob) - 1], blob)])?;
                partials.push(partial);
            }
            let (_, base) = seed.pending(tx, number + 100)?;
            put_files(tx, base, &[("same", 50), ("z", 51)])?;
            let whole = tx.insert_manifest(version, ManifestKind::Full, None, None)?;
            if reverse {
                partials.reverse();
            }
            for partial in partials {
                tx.merge_partial(whole, partial)?;
            }
            tx.merge_base(whole, base)?;
            let found = tx.content_at(whole, &value("same"))?.expect("it exists");
            Ok((whole, found.blob))
        })
    };
    let ((one, one_blob), (other, other_blob)) = (merge(1, false)?, merge(2, true)?);
    assert_eq!(one_blob, other_blob);
    let merged = entries(&*store, one)?;
    assert_eq!(merged, entries(&*store, other)?);
    assert_eq!(paths(&merged), [("same", 7), ("x", 1), ("y", 2), ("z", 51)]);
    Ok(())
}

/// A manifest conflicts with its base where one has a file and the other a folder.
pub fn a_manifest_conflicts_with_its_base_by_path(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let manifest_with = |files: &[(&str, u8)]| -> Result<ManifestKey, _> {
        write(&*store, |tx| {
            let (_, manifest) = seed.pending(tx, 1)?;
            put_files(tx, manifest, files)?;
            Ok(manifest)
        })
    };
    let base = manifest_with(&[("d/x", 1), ("f", 2)])?;
    let conflict = |files| {
        let manifest = manifest_with(files)?;
        let found = store.reading(|rows| rows.base_conflict(manifest, base))?;
        Ok::<_, artifact_store::StoreError>(
            found.map(|it| (it.path.to_string(), it.base_path.to_string())),
        )
    };
    assert_eq!(conflict(&[("f", 9), ("d/y", 1), ("f0", 1)])?, None);
    assert_eq!(
        conflict(&[("d", 1)])?,
        Some(("d".to_owned(), "d/x".to_owned()))
    );
    assert_eq!(
        conflict(&[("f/y", 1)])?,
        Some(("f/y".to_owned(), "f".to_owned()))
    );
    Ok(())
}

/// A blob is recorded once, and names the committed version that first stored it.
pub fn a_blob_names_the_version_that_first_stored_it(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let ensure =
        |blobs: &[(artifact_core::ContentKey, u64)]| write(&*store, |tx| tx.ensure_blobs(blobs));
    let twice = ensure(&[(content(1), 1), (content(2), 2), (content(1), 1)])?;
    assert_eq!((twice[0].key, twice[0].birth), (twice[2].key, None));
    assert_ne!(twice[0].key, twice[1].key);
    let (pending, committed) = write(&*store, |tx| {
        let (pending, manifest) = seed.pending(tx, 1)?;
        put_files(tx, manifest, &[("a", 1)])?;
        let (committed, _) = seed.committed(tx, 2, &[("a", 1), ("b", 2)])?;
        Ok((pending, committed))
    })?;
    let rows = ensure(&[(content(2), 2), (content(1), 1)])?;
    assert_eq!(rows[0].birth, Some(committed));
    assert_eq!(rows[1].birth, None, "version {pending:?} is not committed");
    assert_eq!(store.reading(|rows| rows.blob_totals())?, (2, 3));
    Ok(())
}

fn unused(store: &dyn MetadataStore) -> Result<Vec<u64>, artifact_store::StoreError> {
    store.reading(|rows| {
        let blobs = rows.unused_blobs(None, 9)?;
        assert!(blobs.is_sorted_by_key(|blob| blob.key));
        Ok(blobs.iter().map(|blob| blob.size).collect())
    })
}

/// A blob is in use while an entry, a manifest or a file of a run refers to it, and is not deleted.
pub fn blobs_in_use_are_not_deleted(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (version, manifest) = write(&*store, |tx| {
        let (version, manifest) = seed.committed(tx, 1, &[("a", 1)])?;
        let blobs = tx.ensure_blobs(&[(content(2), 2), (content(3), 3), (content(4), 4)])?;
        let (blob, digest) = (blobs[0].key, md5(2));
        tx.set_manifest_file(manifest, Some(ManifestFile { blob, digest }))?;
        tx.put_run_file(seed.run, &value("f"), blobs[1].key, &md5(3), at(5))?;
        Ok((version, manifest))
    })?;
    assert_eq!(unused(&*store)?, [4]);
    let keys = [1, 4, 2, 9, 3].map(content);
    let unknown = write(&*store, |tx| tx.delete_unused_blobs(&keys))?;
    assert_eq!(unknown, [content(4), content(9)]);
    assert_eq!(store.reading(|rows| rows.blob_totals())?, (3, 6));
    store.reading(|rows| {
        let blobs = rows.blobs_after(None, 9)?;
        assert!(blobs.is_sorted_by_key(|blob| blob.key));
        let mut uses = Vec::new();
        for blob in &blobs {
            uses.extend(rows.uses_of_blob(blob.key)?);
        }
        let expected = [
            BlobUse::Entry(version, value("a")),
            BlobUse::Manifest(version),
            BlobUse::RunFile(seed.run, value("f")),
        ];
        assert_eq!(uses, expected);
        let second = rows.blobs_after(Some(blobs[0].key), 1)?;
        assert_eq!(second, blobs[1..2]);
        Ok(())
    })?;
    write(&*store, |tx| tx.delete_manifest(manifest))?;
    assert_eq!(unused(&*store)?, [1, 2]);
    Ok(())
}

/// An upload in parts keeps the announced parts in order.
pub fn an_upload_keeps_its_parts_in_order(fixture: &impl Fixture) -> Rule {
    let store = fixture.store();
    let seed = Seed::new(&*store)?;
    let (upload, key) = write(&*store, |tx| {
        let (_, manifest) = seed.pending(tx, 1)?;
        let upload = PartsRow {
            manifest,
            path: value("large"),
            digest: md5(1),
            size: Some(12),
        };
        let key = tx.insert_parts(&upload, &[md5(3), md5(2)])?;
        Ok((upload, key))
    })?;
    store.reading(|rows| {
        assert_eq!(rows.parts_upload(key)?.as_ref(), Some(&upload));
        assert_eq!(rows.part_md5s(key)?, [md5(3), md5(2)]);
        assert_eq!(rows.part_md5(key, 2)?, Some(md5(2)));
        assert_eq!(rows.part_md5(key, 3)?, None);
        assert_eq!(
            rows.version(seed_version(rows, &upload)?)?
                .map(|it| it.digest),
            Some(digest(1))
        );
        Ok(())
    })
}

fn seed_version(
    rows: &dyn artifact_store::metadata::Snapshot,
    upload: &PartsRow,
) -> Result<artifact_store::metadata::VersionKey, artifact_store::StoreError> {
    let manifest = rows.manifest(upload.manifest)?;
    Ok(manifest.expect("it exists").version)
}
