"""Scripts that use Rust's compiler; a key names the row's program, as in `samples`."""

from __future__ import annotations

_LIBRARY = """
//! Generics, traits, closures, floats, wide numbers, a macro.
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Token { Number(i64), Word(String), Sign(char) }

pub fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let other = |c: char| c.is_alphanumeric() != first.is_alphanumeric();
        let (word, more) = rest.split_at(rest.find(other).unwrap_or(rest.len()));
        found.push(match word.parse() {
            Ok(number) => Token::Number(number),
            Err(_) if first.is_alphanumeric() => Token::Word(word.to_string()),
            Err(_) => Token::Sign(first),
        });
        rest = more.trim_start();
    }
    found
}

pub fn count<T: std::hash::Hash + Ord + Clone>(all: &[T]) -> BTreeMap<T, usize> {
    let mut counts: HashMap<T, usize> = HashMap::new();
    for one in all { *counts.entry(one.clone()).or_default() += 1; }
    counts.into_iter().collect()
}

pub const TABLE: [f64; 4] = [1.0 / 3.0, 2.5e-310, 1e308 * 10.0, -0.0];
pub fn wave(x: f64) -> f64 {
    (x.sin() * x.cos()).exp2().mul_add(x, TABLE[0]) + 0.7f64.sin() + 2.0f64.powf(0.3).ln()
}
pub fn folded() -> [f64; 9] {
    [0.1f64.tan(), 0.3f64.exp(), 3f64.log10(), 0.9f64.acos(), 2f64.cbrt(), 0.2f64.sinh(),
     1e22f64.sin(), 0.5f64.atan2(3.0), 7.5f32.powf(1.7) as f64]
}
pub fn wide(a: u128, b: i128) -> u128 { a.rotate_left(7) ^ (b as u128).wrapping_mul(a) / 97 }
#[macro_export] macro_rules! twice { ($e:expr) => { $e + $e } }
pub static NAMES: &[&str] = &["a", "be", "sea"];
pub async fn later(n: u32) -> u32 { n + 1 }
#[inline] pub fn inlined<F: Fn(usize) -> usize>(f: F) -> usize {
    (0..100).map(f).filter(|n| n % 3 == 1).sum()
}
"""

_PROGRAM = """
use one::{count, folded, inlined, tokens, twice, wave, wide};
fn main() {
    for (token, number) in count(&tokens("let x = 12 + 3 ; let y")) {
        println!("{token:?} {number}");
    }
    println!("{} {} {} {}", twice!(2), wave(0.5), wide(7, -9), inlined(|n| n * n));
    println!("{:?} {}", folded(), std::mem::size_of::<usize>());
    println!("{}", std::thread::spawn(|| std::sync::Arc::new(5)).join().unwrap());
}
#[test] fn works() { assert_eq!(twice!(1), 2); }
"""

_FILES = f"""
ln -sf gcc /usr/bin/cc; mkdir out; cat > one.rs <<'END'{_LIBRARY}END
cat > two.rs <<'END'{_PROGRAM}END
cat > mac.rs <<'END'
use proc_macro::TokenStream;
#[proc_macro] pub fn five(_: TokenStream) -> TokenStream {{ "5".parse().unwrap() }}
END
echo 'pub use mac::five; pub fn four() -> u8 {{ mac::five!() - 1 }}' > user.rs
echo 'fn main() {{ println!("{{}}", user::four() + user::five!()); }}' > macros.rs
echo 'pub fn wrong() -> u8 {{ let unused = 1; "text" }}' > wrong.rs
"""

RUST = {
    "rustc": _FILES
    + r"""
rustc -vV; rustc --print sysroot; rustc --print cfg | sort
D="--edition 2021 --out-dir out"; L="-C metadata=1a -C extra-filename=-1a"
rustc $D -O --crate-type lib $L --emit=dep-info,metadata,link one.rs
rustc $D -O --extern one=out/libone-1a.rlib two.rs && out/two
rustc $D -g --crate-name test --test -L dependency=out --extern one=out/libone-1a.rlib two.rs && out/test -q | sed 's/ in [0-9.]*s$//'
rustc $D -C opt-level=s -C codegen-units=1 -C panic=abort --crate-type lib --emit=asm,llvm-ir,obj one.rs
rustc $D --crate-type cdylib --crate-name shared one.rs; rustc $D --crate-type staticlib -O two.rs
rustc $D -O --crate-type proc-macro --extern proc_macro -C metadata=2b -C extra-filename=-2b mac.rs
rustc $D -O --crate-type lib -C metadata=3c -C extra-filename=-3c --extern mac=out/libmac-2b.so user.rs
rustc $D -O -L dependency=out --extern user=out/libuser-3c.rlib macros.rs && out/macros
rustc $D -O -L dependency=out --extern one=out/libone-1a.rlib --crate-name beside two.rs && out/beside
rustc $D --crate-type lib wrong.rs; rustc --error-format=json $D --crate-type lib wrong.rs; rustc nothing.rs
rustc $D -C target-cpu=native --crate-type lib --emit=metadata one.rs; rustc --explain E0308 | wc
rustc $D --target no-such --crate-type lib one.rs; echo 'fn main() {}' | rustc -o out/empty -; out/empty
""",
    "cargo": r"""
ln -sf gcc /usr/bin/cc; export HOME=/tmp/home CARGO_HOME=/tmp/cargo; rm -rf $HOME $CARGO_HOME; mkdir -p $HOME p/src m/src l/src
printf '%s\n' '[package]' 'name="p"' 'version="0.1.0"' 'edition="2021"' 'build="build.rs"' \
 '[dependencies]' 'l={path="../l"}' 'm={path="../m"}' '[workspace]' 'members=["../l","../m"]' > p/Cargo.toml
printf '%s\n' '[package]' 'name="l"' 'version="0.2.0"' 'edition="2021"' 'workspace="../p"' > l/Cargo.toml
printf '%s\n' '[package]' 'name="m"' 'version="0.3.0"' 'edition="2021"' 'workspace="../p"' \
 '[lib]' 'proc-macro=true' > m/Cargo.toml
echo 'fn main() { println!("cargo:rustc-env=T={}", std::env::var("TARGET").unwrap()); }' > p/build.rs
echo 'fn main() { println!("{} {} {}", l::two(), m::five!(), env!("T")); }' > p/src/main.rs
echo 'pub fn two() -> u8 { 2 } #[test] fn is() { assert_eq!(two(), 2); }' > l/src/lib.rs
echo 'use proc_macro::TokenStream as T; #[proc_macro] pub fn five(_: T) -> T { "5".parse().unwrap() }' \
 > m/src/lib.rs
touch -d @1700000000 */* */src/*; cd p; cargo --version; cargo -vV; cargo build --release --offline 2>&1 | sed 's/ in [0-9.]*s$//' | sort
target/release/p; cargo tree --offline; cargo metadata --offline --format-version 1
CARGO_INCREMENTAL=0 cargo test --offline -p l 2>&1 | sed 's/ in [0-9.]*s$//'
cargo check --offline --message-format json -p nothing
cargo install --offline --path . --root ../i 2>&1 | sed 's/ in [0-9.]*s$//'
cargo clean --offline -p l; cargo no-such-command; rm -rf target/.rustc_info.json target/*/.fingerprint
""",
}
