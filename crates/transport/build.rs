//! Registers the schema that the operations of `src/graphql` are checked against.

fn main() {
    println!("cargo:rerun-if-changed=wandb.graphql");
    cynic_codegen::register_schema("wandb")
        .from_sdl_file("wandb.graphql")
        .expect("the schema is well-formed")
        .as_default()
        .expect("there is no other default");
}
