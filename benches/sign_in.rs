//! A sign-in as tests of applications do it: `cargo bench --features idp --bench sign_in`.

#![allow(clippy::unwrap_used, missing_docs)]

use actix_saml::idp::TestIdp;
use actix_saml::nhsmail::Staff;
use actix_web::rt::System;
use actix_web::test::init_service;
use actix_web::{App, web};
use criterion::{Criterion, criterion_group, criterion_main};

async fn rota(staff: Staff) -> String {
    staff.display_name().to_owned()
}

fn sign_in(criterion: &mut Criterion) {
    let system = System::new();
    let mut idp = TestIdp::adfs().unwrap();
    let saml = idp.saml("https://rota.example.org").unwrap();
    let app = App::new().configure(saml.routes()).route("/rota", web::get().to(rota));
    let app = system.block_on(init_service(app.wrap(saml.sessions())));
    criterion.bench_function("sign in, in the same process", |b| {
        b.iter(|| {
            system.block_on(async {
                let nurse = idp.sign_in(&app, "ward.nurse").await.unwrap();
                nurse.get("/rota").await.unwrap()
            })
        });
    });
}

criterion_group!(benches, sign_in);
criterion_main!(benches);
