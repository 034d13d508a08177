//! Image layouts: what is written is read back, and what lies is refused.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use vak_model::Code;
use vak_package::{Artefact as _, Package, sha256};
use vak_store::{LayoutError, SkillReference, export_layout, import_layout, is_layout};

use crate::{package, signed};

/// A layout with `x` and `acme/y`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("a folder"));
        export_layout(&skills(), &place.folder()).expect("written");
        place
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("out/layout")
    }

    fn import(&self) -> Result<Vec<Package>, LayoutError> {
        import_layout(&self.folder(), &[])
    }

    fn code(&self) -> Code {
        self.import().expect_err("refused").code()
    }

    fn read(&self, path: &str) -> Value {
        serde_json::from_slice(&fs::read(self.folder().join(path)).expect("readable")).expect("JSON")
    }

    fn write(&self, path: &str, value: &Value) {
        fs::write(self.folder().join(path), serde_json::to_vec(value).expect("JSON")).expect("written");
    }

    fn blob(&self, descriptor: &Value) -> String {
        format!("blobs/sha256/{}", descriptor["digest"].as_str().expect("text").trim_start_matches("sha256:"))
    }

    /// Writes a document as a blob; gives its descriptor.
    fn put(&self, document: &Value, like: &Value) -> Value {
        let bytes = serde_json::to_vec(document).expect("JSON");
        let mut descriptor = like.clone();
        descriptor["digest"] = json!(sha256(&bytes).to_string());
        descriptor["size"] = json!(bytes.len());
        fs::write(self.folder().join(self.blob(&descriptor)), bytes).expect("written");
        descriptor
    }

    /// Changes the first manifest, with all digests on the way to it made right again.
    fn change_manifest(&self, change: impl FnOnce(&mut Value)) {
        let mut index = self.read("index.json");
        let descriptor = index["manifests"][0].clone();
        let mut manifest = self.read(&self.blob(&descriptor));
        change(&mut manifest);
        index["manifests"][0] = self.put(&manifest, &descriptor);
        self.write("index.json", &index);
    }

    /// The same for its configuration.
    fn change_config(&self, change: impl FnOnce(&mut Value)) {
        let descriptor = self.read("index.json")["manifests"][0].clone();
        let of_config = self.read(&self.blob(&descriptor))["config"].clone();
        let mut config = self.read(&self.blob(&of_config));
        change(&mut config);
        let changed = self.put(&config, &of_config);
        self.change_manifest(|manifest| manifest["config"] = changed);
    }

    /// The file of the first manifest's layer.
    fn layer(&self) -> PathBuf {
        let descriptor = self.read("index.json")["manifests"][0].clone();
        let layer = self.read(&self.blob(&descriptor))["layers"][0].clone();
        self.folder().join(self.blob(&layer))
    }
}

fn skills() -> [Package; 2] {
    [signed(&package("x@1.0.0", 1), 7), package("acme/y@2.0.0-rc.1", 2)]
}

/// Every file below a folder, with what it holds.
fn contents(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for name in crate::files(folder) {
        let path = folder.join(&name);
        if path.is_dir() {
            found.extend(contents(&path).into_iter().map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.push((name, fs::read(path).expect("readable")));
        }
    }
    found
}

#[test]
fn what_is_exported_is_imported_byte_for_byte() {
    let place = Place::new();
    assert!(is_layout(&place.folder()) && !is_layout(place.0.path()));
    let mut imported = place.import().expect("ours");
    imported.reverse();
    for (one, other) in skills().iter().zip(&imported) {
        assert_eq!((one.id(), one.bytes()), (other.id(), other.bytes()));
    }
    let only = |text: &str| import_layout(&place.folder(), &[text.parse::<SkillReference>().expect(text)]);
    assert_eq!(only("acme/y").expect("there").len(), 1);
    assert_eq!(only("x@1.0.0").expect("there").len(), 1);
    assert_eq!(only("x@1.0.1").expect_err("not there").code(), Code::LayoutMalformed);
}

#[test]
fn the_same_skills_give_the_same_layout_wherever_and_in_whichever_order() {
    let (one, other) = (Place::new(), tempfile::tempdir().expect("a folder"));
    let [x, y] = skills();
    let folder = other.path().join("a-much-longer-name-than-the-other-one-has");
    export_layout(&[y, x], &folder).expect("written");
    assert_eq!(contents(&one.folder()), contents(&folder));
    assert_eq!(contents(&folder).len(), 8);
    assert_eq!(one.read("oci-layout"), json!({"imageLayoutVersion": "1.0.0"}));
    let manifest = one.read(&one.blob(&one.read("index.json")["manifests"][1]));
    assert_eq!(manifest["layers"][0]["mediaType"], "application/wasm");
    assert_eq!(manifest["annotations"]["dev.vak.module-id"], package("x@1.0.0", 1).id().to_string());
    let config = one.read(&one.blob(&manifest["config"]));
    assert_eq!((&config["created"], &config["os"]), (&json!("1970-01-01T00:00:00Z"), &json!("wasip1")));
    assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
}

#[test]
fn nothing_is_written_over_and_nothing_is_left_half_written() {
    let place = Place::new();
    let before = contents(&place.folder());
    assert!(matches!(export_layout(&skills()[..1], &place.folder()), Err(LayoutError::Exists(_))));
    assert_eq!(contents(&place.folder()), before);
    assert_eq!(crate::files(&place.0.path().join("out")), ["layout"]);
}

#[test]
fn v34_a_file_that_is_not_what_its_descriptor_says_is_refused() {
    let change = |change: &dyn Fn(&Place)| {
        let place = Place::new();
        change(&place);
        place.code()
    };
    let flip = |path: &Path| {
        let mut bytes = fs::read(path).expect("readable");
        let last = bytes.len() - 1;
        bytes[last] ^= 1;
        fs::write(path, bytes).expect("written");
    };
    let append =
        |path: &Path| fs::write(path, [&fs::read(path).expect("readable")[..], b"x"].concat()).expect("written");
    assert_eq!(change(&|place| flip(&place.layer())), Code::LayoutMismatch);
    assert_eq!(change(&|place| append(&place.layer())), Code::LayoutMismatch);
    assert_eq!(change(&|place| fs::write(place.layer(), "").expect("written")), Code::LayoutMismatch);
    assert_eq!(change(&|place| fs::remove_file(place.layer()).expect("removed")), Code::LayoutMismatch);
    let sparse = |place: &Place| {
        fs::File::options().write(true).open(place.layer()).expect("ours").set_len(1 << 40).expect("sparse");
    };
    assert_eq!(change(&sparse), Code::LayoutMismatch);
    let manifest = |place: &Place| place.folder().join(place.blob(&place.read("index.json")["manifests"][0]));
    assert_eq!(change(&|place| append(&manifest(place))), Code::LayoutMismatch);
    let sized =
        |size: u64| change(&|place| place.change_manifest(|manifest| manifest["layers"][0]["size"] = json!(size)));
    assert_eq!(
        [sized(7), sized(1 << 20), sized(1 << 50)],
        [Code::LayoutMismatch, Code::LayoutMismatch, Code::LayoutMalformed]
    );
    assert_eq!(
        change(&|place| place
            .change_config(|config| config["layerDigests"] = json!([format!("sha256:{}", "0".repeat(64))]))),
        Code::LayoutMismatch
    );
    let other_id = |manifest: &mut Value| manifest["annotations"]["dev.vak.module-id"] = json!("sha256:0");
    assert_eq!(change(&|place| place.change_manifest(other_id)), Code::LayoutMismatch);
}

#[test]
fn v34_other_media_types_other_numbers_of_layers_and_two_that_match_are_refused() {
    let manifest = |change: &dyn Fn(&mut Value)| {
        let place = Place::new();
        place.change_manifest(change);
        place.code()
    };
    let index = |change: &dyn Fn(&mut Value)| {
        let place = Place::new();
        let mut index = place.read("index.json");
        change(&mut index);
        place.write("index.json", &index);
        place.code()
    };
    let found = [
        manifest(&|manifest| manifest["layers"][0]["mediaType"] = json!("application/vnd.wasm.content.layer.v1+wasm")),
        manifest(&|manifest| manifest["config"]["mediaType"] = json!("application/vnd.oci.image.config.v1+json")),
        manifest(&|manifest| manifest["mediaType"] = json!("application/vnd.oci.image.index.v1+json")),
        manifest(&|manifest| manifest["schemaVersion"] = json!(1)),
        manifest(&|manifest| manifest["layers"] = json!([])),
        manifest(&|manifest| {
            let layer = manifest["layers"][0].clone();
            manifest["layers"] = json!([layer.clone(), layer]);
        }),
        index(&|index| index["manifests"][0]["mediaType"] = json!("application/vnd.oci.image.index.v1+json")),
        index(&|index| index["schemaVersion"] = json!(3)),
        index(&|index| index["mediaType"] = json!("text/plain")),
        index(&|index| index["manifests"][0]["digest"] = json!("sha512:00")),
        index(&|index| index["manifests"][0]["digest"] = json!("sha256:../../../../etc/passwd")),
        index(&|index| index["manifests"][1] = index["manifests"][0].clone()),
        index(&|index| {
            // The same skill under another name, as for another platform.
            index["manifests"][1] = index["manifests"][0].clone();
            index["manifests"][1]["annotations"] = json!({});
            index["manifests"][1]["platform"] = json!({"architecture": "amd64", "os": "linux"});
        }),
        index(&|index| index["manifests"] = json!({})),
    ];
    assert!(found.iter().all(|code| *code == Code::LayoutMalformed), "{found:?}");
}

#[test]
fn attestations_beside_the_skills_are_left_alone() {
    let place = Place::new();
    let mut index = place.read("index.json");
    index["manifests"].as_array_mut().expect("a list").push(json!({
        "mediaType": "application/vnd.oci.image.manifest.v1+json", "artifactType": "application/vnd.in-toto+json",
        "digest": format!("sha256:{}", "0".repeat(64)), "size": 7
    }));
    place.write("index.json", &index);
    assert_eq!(place.import().expect("as before").len(), 2);
}

#[test]
fn n9_links_in_a_layout_are_refused_wherever_they_lead() {
    for path in ["oci-layout", "index.json", "blobs", "blobs/sha256", "layer"] {
        let place = Place::new();
        let link = if path == "layer" { place.layer() } else { place.folder().join(path) };
        let moved = place.0.path().join("moved");
        fs::rename(&link, &moved).expect("moved");
        symlink(&moved, &link).expect("a link");
        assert!(matches!(place.code(), Code::FileRead | Code::LayoutMalformed), "{path}");
    }
}

#[test]
fn n10_what_is_too_much_is_refused_before_it_is_read() {
    let place = Place::new();
    let mut index = place.read("index.json");
    let one = index["manifests"][0].clone();
    index["manifests"] = Value::Array(
        (0..1001)
            .map(|number| {
                let mut other = one.clone();
                other["annotations"] = json!({"org.opencontainers.image.ref.name": format!("x:{number}")});
                other
            })
            .collect(),
    );
    place.write("index.json", &index);
    assert!(place.import().expect_err("too many").to_string().contains("more than 1000"));
    fs::File::options()
        .write(true)
        .open(place.folder().join("index.json"))
        .expect("ours")
        .set_len(1 << 40)
        .expect("sparse");
    assert_eq!(place.code(), Code::FileRead);
}
