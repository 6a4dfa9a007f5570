//! Counts words that are given in what it reads.
use aho_corasick::AhoCorasick;
use std::collections::BTreeMap;
use std::io::Read;

fn main() -> std::io::Result<()> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    let searcher = AhoCorasick::builder()
        .ascii_case_insensitive(true)
        .build(&words)
        .map_err(std::io::Error::other)?;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for found in searcher.find_overlapping_iter(&text) {
        *counts.entry(&words[found.pattern().as_usize()]).or_default() += 1;
    }
    for (word, count) in counts {
        println!("{word} {count}");
    }
    Ok(())
}
