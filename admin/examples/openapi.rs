//! Prints the OpenAPI document: `cargo run -p bandera-admin --example openapi`.

fn main() {
    print!("{}", bandera_admin::openapi_json());
}
