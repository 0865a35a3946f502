"""Case definitions for golden.py: plain data, nothing is run here.

A case is a name plus a list of operations. Operations are JSON objects so that
a test in another language can replay them without Python:

  {"op": "file", "path": P, "content": C, "overwrite"?: true}
      write C to a file anywhere, add it under the entry path P.
  {"op": "add_file", "local": L, "name": N|null, "is_tmp"?: true, "content": C}
      write C to the relative path L, call add_file(L, name=N) from there.
  {"op": "add_dir", "dir": D, "name": N|null, "files": [{"path", "content"}], "merge"?: true}
      write the files below the relative folder D, call add_dir(D, name=N).
  {"op": "new_file", "name": N, "content": C}
      write C through the new_file() context manager.
  {"op": "generate", "prefix": D, "count": K, "name": "{:05d}.txt", "content": C}
      for i in 0..K add C(i) under D/<name with i zero padded>.
  {"op": "add_reference", "uri": U, "name": N|null, "checksum": B, "files"?: [...]}
      call add_reference; "{root}" in U is the absolute folder holding "files".
      The script adds "added": the entries that the official client created.
  {"op": "reference", "path", "uri", "digest", "size"?, "extra"?, "birth_artifact_id"?}
      insert this entry into the manifest directly (what a checksummed s3, gs or
      http reference ends up as).
  {"op": "remove", "item": P}

  Any operation may have "error": "ValueError"; it then fails with this official
  exception class and leaves the artifact as it was.

Content C is one of
  {"text": "..."}  UTF-8 text          {"hex": "00ff"}  raw bytes
  {"decimal": true}                    index i of "generate" as decimal text, no newline
  {"pattern": "counter", "seed": S, "size": N}
      byte i = (i * 31 + S + (i >> 8)) & 0xff   for i in 0..N
"""

from __future__ import annotations

from typing import Any, Literal

Op = dict[str, Any]
Case = dict[str, Any]
Algorithm = Literal["MD5", "XXH128"]

MD5: Algorithm = "MD5"
XXH128: Algorithm = "XXH128"

NFC_E = "\u00e9"
NFD_E = "e\u0301"
HELLO = {"text": "hello\n"}
CAT = {"text": "cat\n"}
DOG = {"text": "dog\n"}

SIZES = [
    0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128, 1023, 1024, 4096,
    65535, 65536, 65537, 1024 * 1024 + 1, 3 * 1024 * 1024,
]
# Lengths at which XXH3-128 switches between its internal code paths.
XXH_EDGES = [
    1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 96, 97, 127, 128, 129, 130,
    239, 240, 241, 255, 256, 257, 511, 512, 513, 1024, 1025, 1087, 1088, 1089,
    2047, 2048, 2049, 8191, 8192, 8193, 16384, 131071, 131072, 131073,
]


def text(value: str) -> Op:
    return {"text": value}


def pattern(seed: int, size: int) -> Op:
    return {"pattern": "counter", "seed": seed, "size": size}


def file(path: str, content: Op, **more: Any) -> Op:
    return {"op": "file", "path": path, "content": content, **more}


def add_file(local: str, content: Op, name: str | None = None, **more: Any) -> Op:
    return {"op": "add_file", "local": local, "name": name, "content": content, **more}


def add_dir(folder: str, files: dict[str, Op], name: str | None = None, **more: Any) -> Op:
    listed = [{"path": path, "content": content} for path, content in files.items()]
    return {"op": "add_dir", "dir": folder, "name": name, "files": listed, **more}


def generate(prefix: str, count: int) -> Op:
    return {
        "op": "generate", "prefix": prefix, "count": count,
        "name": "{:05d}.txt", "content": {"decimal": True},
    }


def add_reference(
    uri: str, name: str | None = None, checksum: bool = False, files: dict[str, Op] | None = None
) -> Op:
    op: Op = {"op": "add_reference", "uri": uri, "name": name, "checksum": checksum}
    if files is not None:
        op["files"] = [{"path": path, "content": content} for path, content in files.items()]
    return op


def reference(path: str, uri: str, digest: str, **more: Any) -> Op:
    return {"op": "reference", "path": path, "uri": uri, "digest": digest, **more}


def case(name: str, *inputs: Op, algorithms: tuple[Algorithm, ...] = (MD5, XXH128), **more: Any) -> Case:
    return {"name": name, "algorithms": list(algorithms), "inputs": list(inputs), **more}


def numbered(paths: list[str]) -> list[Op]:
    """One small, distinct file per path."""
    return [file(path, text(f"content {i}\n")) for i, path in enumerate(paths)]


def basic_cases() -> list[Case]:
    return [
        case("nothing"),
        case("empty-file", file("empty", text(""))),
        case("one-byte", file("b", {"hex": "00"})),
        case("one-byte-ff", file("b", {"hex": "ff"})),
        case("hello", file("hello.txt", HELLO)),
        case("cat-dog", file("cat.png", CAT), file("dog.png", DOG)),
        case("hello-cat-dog", file("images/dog.png", DOG), file("hello.txt", HELLO),
             file("images/cat.png", CAT)),
        case("wire-protocol-5.3", file("data/a.txt", HELLO), file("b.bin", {"hex": "00010203"}),
             file("empty", text(""))),
        case("duplicate-content",
             *[file(f"copies/{i:02d}/same.bin", pattern(3, 777)) for i in range(40)]),
        case("many-empty-files", *[file(f"e{i}", text("")) for i in range(10)]),
        case("looks-like-manifest-line", file("aa:bb", text("x")), file("aa", text("bb:x"))),
        case("crlf-is-content", file("lf", text("a\nb\n")), file("crlf", text("a\r\nb\r\n"))),
        case("storage-region", file("hello.txt", HELLO), storage_region="us-east-1"),
    ]


def size_cases() -> list[Case]:
    single = [case(f"size-{n}", file(f"f{n}.bin", pattern(7, n))) for n in SIZES]
    together = case("sizes-together", *[file(f"s/{n}", pattern(n % 251, n)) for n in SIZES])
    edges = case("sizes-xxh3-edges", *[file(f"x/{n}", pattern(n % 241, n)) for n in XXH_EDGES])
    every = case("sizes-0-to-300", *[file(f"n/{n}", pattern(n, n)) for n in range(301)])
    return [*single, together, edges, every]


def name_cases() -> list[Case]:
    unicode_names = [
        f"caf{NFC_E}.txt", f"caf{NFD_E}.txt", "\U0001F600.txt", "\u6f22\u5b57/\u30c6\u30b9\u30c8.txt",
        "\u05e9\u05dc\u05d5\u05dd.txt", "\u0645\u0631\u062d\u0628\u0627", "a\u0323\u0302.txt",
        "\U0001F468\u200d\U0001F469\u200d\U0001F467.png", "\u0130stanbul", "stra\u00dfe", "\ufeffbom",
    ]
    punctuation = [
        "with space.txt", " leading", "trailing ", "  ", "it's.txt", '"quoted".txt', "100%.txt",
        "%20.txt", "%2F", "a#b.txt", "a?b=c&d.txt", "ab:c.txt", "dir/a:c", "back\\slash.txt",
        "star*", "pipe|", "~", "$HOME", "`x`", "-rf", "...", "..a", "a..", ".hidden", "{brace}",
        "[x]", "!", "@", "+", "=", ",", ";", "^", "wandb_manifest.json",
    ]
    html = ["<tag>&amp;.html", "a<b", "a>b", "a&b", "line\u2028sep", "para\u2029sep", "tab\tname",
            "del\x7f", "nel\u0085", "ctl\x01", "unit\x1f"]
    return [
        case("names-unicode", *numbered(unicode_names)),
        case("names-nfc-nfd-pair", file(NFC_E, HELLO), file(NFD_E, HELLO)),
        case("names-punctuation", *numbered(punctuation)),
        case("names-json-escapes", *numbered(html)),
        case("names-newline", *numbered(["line\nfeed", "cr\rname", "aa:b\nc"])),
        case("names-nul", *numbered(["nul\x00name"])),
        case("names-300-chars", *numbered(["n" * 300, "d" * 300 + "/" + "\u00e9" * 300])),
        case("names-backslash-in-dir", add_dir("d", {"a\\b.txt": HELLO, "c\\d/e\\f": CAT})),
        case("names-case-differs", *numbered(["README", "readme", "ReadMe"])),
    ]


def order_cases() -> list[Case]:
    ascii_order = ["a", "a.b", "a/b", "a-b", "a0", "a b", "A", "aa", "a/b/c", "a/b.c", "a_b", "a!"]
    utf16 = ["\ufffd", "\U0001F600", "\uffff", "\U00010000", "\ue000", "\ud7ff", "\U0010ffff", "z"]
    return [
        case("order-ascii", *numbered(ascii_order)),
        case("order-ascii-reversed", *reversed(numbered(ascii_order))),
        case("order-utf16-vs-code-point", *numbered(utf16)),
        case("order-utf16-in-dirs", *numbered([f"d/{n}/f" for n in utf16] + ["d/f"])),
        case("order-numbers", *numbered([f"part-{i}" for i in range(0, 25)])),
        case("file-and-prefix", file("a", text("1")), file("a/b", text("2"))),
    ]


def shape_cases() -> list[Case]:
    deep = "/".join(f"l{i:02d}" for i in range(60))
    return [
        case("deep-60", file(f"{deep}/leaf.txt", HELLO)),
        case("deep-60-every-level",
             *numbered(["/".join(["d"] * i + [f"f{i}"]) for i in range(60)])),
        case("generate-1000", generate("d", 1000)),
        case("generate-10000", generate("d", 10_000), sample=True),
        case("wide-and-mixed", generate("p/q", 60), file("p/q.txt", HELLO), file("p/q/00030.txt.bak", CAT)),
    ]


def path_cases() -> list[Case]:
    files = {"x.txt": HELLO, "sub/y.txt": CAT}
    prefixes = {"none": None, "dot-slash": "./p", "double-slash": "p//q", "trailing": "p/",
                "inner-dot": "p/./q", "dot": ".", "empty": "", "plain": "p"}
    by_dir = [case(f"add-dir-name-{k}", add_dir("src", files, name)) for k, name in prefixes.items()]
    bad = ["/p", "../p", "p/../q", "C:\\p", "a:", "//p", "\\p"]
    rejected = [add_dir(f"src{i}", files, name, error="ValueError") for i, name in enumerate(bad)]
    file_names = ["./a.txt", "b//c.txt", "d/./e.txt", "f/", "././g", "h///i//j", "file:///x"]
    return [
        *by_dir,
        case("add-dir-bad-names", *rejected),
        case("add-file-normalised", *numbered(file_names)),
        case("add-dir-empty", add_dir("nothing-here", {})),
        case("add-dir-hidden", add_dir(".", {".dotfile": HELLO, ".hidden/x": CAT, "a/.b/.c": DOG})),
        case("add-dir-trailing-slash-argument", add_dir("src/", files, "p")),
    ]


def seed_table_cases() -> list[Case]:
    """The documented calls and their entries."""
    model, checkpoint, images = text("model\n"), text("checkpoint\n"), {"cat.png": CAT, "dog.png": DOG}
    tree = {"hello.txt": HELLO, "model.h5": model, "images/cat.png": CAT, "images/dog.png": DOG,
            "checkpoints/model.h5": checkpoint, "models/model.h5": text("other model\n"),
            ".dotfile": text("dot\n"), ".hidden/x": text("hidden\n")}
    return [
        case("seed-new-file", {"op": "new_file", "name": "hello.txt", "content": HELLO}),
        case("seed-add-file", add_file("hello.txt", HELLO)),
        case("seed-add-file-named", add_file("hello.txt", HELLO, "new/path/hello_world.txt")),
        case("seed-add-file-model", add_file("model.h5", model)),
        case("seed-add-file-basename", add_file("checkpoints/model.h5", checkpoint)),
        case("seed-add-file-model-named", add_file("model.h5", model, "models/mymodel.h5")),
        case("seed-add-dir", add_dir("images", images)),
        case("seed-add-dir-named", add_dir("images", images, "images")),
        case("seed-add-dir-whole-tree", add_dir(".", tree)),
        case("seed-same-basename-twice", add_file("model.h5", model),
             add_file("checkpoints/model.h5", checkpoint, error="ValueError")),
        case("is-tmp", *[add_file(local, HELLO if i else text(""), is_tmp=True)
                         for i, local in enumerate(["zero", "hello.txt", ".dotfile"])],
             add_file("f.tar.gz", HELLO, "d/f.tar.gz", is_tmp=True)),
    ]


def unchecked_reference_cases() -> list[Case]:
    return [
        case("ref-s3", add_reference("s3://my-bucket/checkpoints/model.h5")),
        case("ref-s3-named", add_reference("s3://my-bucket/model.h5", "models/mymodel.h5")),
        case("ref-s3-forms", add_reference("s3://b/dir/"), add_reference("s3://bucket"),
             add_reference("s3://b/k?versionId=X"), add_reference("s3://b/sp ace/f%20g.txt"),
             add_reference("S3://b/upper"), add_reference("s3://b/x", "./n//m")),
        case("ref-gs", add_reference("gs://my-bucket/model.h5")),
        case("ref-gs-forms", add_reference("gs://b/dir/f#123", "pinned"), add_reference("gs://b", "root"),
             add_reference("gs://b//lead", "lead"), add_reference("gs://b") | {"error": "ValueError"}),
        case("ref-http", add_reference("http://example.com/data.bin")),
        case("ref-http-forms", add_reference("http://example.com/p/f?x=1&y=2"),
             add_reference("https://example.com/a%20b.txt"),
             add_reference("http://example.com/<b>&c", "names/<b>&c"),
             add_reference("https://user:pw@example.com/f", "with-credentials")),
        case("ref-azure-host-as-http", add_reference("https://acct.queue.core.windows.net/cont/d/f", "d/f")),
        case("ref-nfs", add_reference("nfs://host/path/file", "f")),
        case("ref-other-schemes", add_reference("ftp://h/f", "ftp"), add_reference("hdfs://h/f", "hdfs"),
             add_reference("nfs://h/no-name") | {"error": "ValueError"},
             add_reference("C:\\x", "drive"), add_reference("plain/path") | {"error": "ValueError"}),
    ]


def file_reference_cases() -> list[Case]:
    tree = {"x.bin": pattern(1, 300), "sub/y.txt": CAT, ".hidden": DOG}
    return [
        case("ref-file", add_reference("file://{root}/hello.txt", checksum=True, files={"hello.txt": HELLO})),
        case("ref-file-named", add_reference("file://{root}/hello.txt", "n/h.txt", True, {"hello.txt": HELLO})),
        case("ref-file-dir", add_reference("file://{root}/data", checksum=True,
                                           files={f"data/{k}": v for k, v in tree.items()})),
        case("ref-file-dir-named", add_reference("file://{root}/data", "data", True,
                                                 {f"data/{k}": v for k, v in tree.items()})),
        case("ref-file-empty", add_reference("file://{root}/e", checksum=True, files={"e": text("")})),
    ]


def recorded_reference_cases() -> list[Case]:
    """Entries as checksummed references leave them (client-semantics 3.8)."""
    etag, old = "0696b705bebeea72274b9d0221a9d78f", "2e0e95285f08a07dea17e7ee111b21c8"
    s3 = [
        reference("model.h5", "s3://my-bucket/model.h5", etag, size=19, extra={"etag": etag}),
        reference("versioned.h5", "s3://ver-bucket/model.h5", old, size=8,
                  extra={"etag": old, "versionID": "abc55b97-e6b9-4fce-9191-b294ae4cf3e1"}),
        reference("mp.bin", "s3://my-bucket/mp.bin", "d316408c159ea701ab954894bd3a92c2-2",
                  size=10485760, extra={"etag": "d316408c159ea701ab954894bd3a92c2-2"}),
    ]
    gs = [reference("gs.h5", "gs://my-bucket/model.h5", "Bpa3Bb6+6nInS50CIanXjw==", size=19,
                    extra={"versionID": 1795448490335601644})]
    http = [
        reference("etag.bin", "http://example.com/etag.bin", "abc123", size=10, extra={"etag": '"abc123"'}),
        reference("weak.bin", "http://example.com/weak.bin", 'W/"weak1', size=10, extra={"etag": 'W/"weak1"'}),
        reference("plain.bin", "http://example.com/plain.bin", "http://example.com/plain.bin", size=10),
        reference("chunked.bin", "http://example.com/chunked.bin", "http://example.com/chunked.bin"),
    ]
    azure = [reference("blob", "https://acct.blob.core.windows.net/c/blob", "0x8DB", size=5,
                       extra={"etag": "0x8DB", "versionID": "2026-01-01T00:00:00.0000000Z"})]
    other = [
        reference("h.txt", "wandb-artifact://41727469666163743a31/d/h.txt", "sZRqySSS0jR8YjW00mERhA==", size=0),
        reference("big", "s3://b/big", "e-1000", size=5_497_558_138_880, extra={"etag": "e-1000"}),
        reference("fetched.txt", "wandb-artifact://41/x", "sZRqySSS0jR8YjW00mERhA==", size=6,
                  birth_artifact_id="QXJ0aWZhY3Q6MQ=="),
        reference("odd", "nfs://h/\u00e9 \U0001F600<&>", "digest with : colon and \u00e9", extra={}),
    ]
    files = [file("hello.txt", HELLO), file("zz/data.bin", pattern(9, 1000)), file("aa", CAT)]
    return [
        case("recorded-s3", *s3), case("recorded-gs", *gs), case("recorded-http", *http),
        case("recorded-azure", *azure), case("recorded-other", *other),
        case("mixed-files-and-references", files[0], *s3, files[1], *gs, *http, files[2], *other,
             add_reference("nfs://host/path/file", "m/f")),
    ]


def change_cases() -> list[Case]:
    """Replacing, merging and removing entries."""
    conflict = {"error": "ValueError"}
    base = [file("a", text("1")), file("a/b", text("2")), file("a/c/d", text("3")), file("ab", text("4"))]
    return [
        case("remove-file", *base, {"op": "remove", "item": "ab"}),
        case("remove-exact-before-folder", *base, {"op": "remove", "item": "a"}),
        case("remove-folder", *base[1:], {"op": "remove", "item": "a"}),
        case("remove-folder-slash", *base[1:], {"op": "remove", "item": "a/"}),
        case("remove-dot-slash", *base, {"op": "remove", "item": "./ab"}),
        case("remove-everything", base[0], {"op": "remove", "item": "a"}),
        case("remove-missing", *base, *[{"op": "remove", "item": i, "error": "FileNotFoundError"}
                                        for i in ("nope", "", ".", "a\\b")]),
        case("remove-then-add", base[0], {"op": "remove", "item": "a"}, file("a", text("new"))),
        case("remove-reference", add_reference("nfs://h/f", "f"), base[0], {"op": "remove", "item": "f"}),
        case("overwrite", file("a", text("old")), file("a", text("newer"), overwrite=True)),
        case("overwrite-refused", file("a", text("old")), file("a", text("newer")) | conflict),
        case("same-content-twice", file("a", text("same")), file("a", text("same"))),
        case("add-dir-merge", add_dir("one", {"x": text("1"), "y": text("2")}, "p"),
             add_dir("two", {"x": text("1b"), "z": text("3")}, "p", merge=True)),
        case("add-dir-repeat", add_dir("one", {"x": text("1")}), add_dir("two", {"x": text("1")})),
        case("reference-replaces-equal-digest", file("h", HELLO),
             reference("h", "s3://b/h", "sZRqySSS0jR8YjW00mERhA==", size=6), algorithms=(MD5,)),
        case("new-file-modes", {"op": "new_file", "name": "d/t.txt", "content": text("caf\u00e9\n")},
             {"op": "new_file", "name": "d/t.txt", "content": text("x"), "error": "ValueError"}),
    ]


def all_cases() -> list[Case]:
    groups = [
        basic_cases(), size_cases(), name_cases(), order_cases(), shape_cases(), path_cases(),
        seed_table_cases(), unchecked_reference_cases(), file_reference_cases(),
        recorded_reference_cases(), change_cases(),
    ]
    return [one for group in groups for one in group]
