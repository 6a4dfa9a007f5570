//! Roman numbers, one for each argument, or for each line that a client of `serve` sends.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

const SIGNS: [(u32, &str); 13] = [
    (1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC"), (50, "L"),
    (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
];

fn roman(mut number: u32) -> String {
    let mut text = String::new();
    for (value, sign) in SIGNS {
        while number >= value {
            text.push_str(sign);
            number -= value;
        }
    }
    text
}

fn serve(listener: TcpListener) -> std::io::Result<()> {
    for client in listener.incoming() {
        let client = client?;
        thread::spawn(move || answer(client));
    }
    Ok(())
}

fn answer(client: TcpStream) -> std::io::Result<()> {
    let mut sink = client.try_clone()?;
    for line in BufReader::new(client).lines() {
        writeln!(sink, "{}", line?.trim().parse().map_or("?".into(), roman))?;
    }
    Ok(())
}

fn main() -> std::io::Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    if let [command, address] = &words[..] {
        if command == "serve" {
            return serve(TcpListener::bind(address)?);
        }
    }
    for word in words {
        println!("{} {}", word.parse().map_or("?".into(), roman), env::consts::ARCH);
    }
    Ok(())
}

#[test]
fn numbers_of_every_kind() {
    let found: Vec<String> = [4, 1999, 2026].into_iter().map(roman).collect();
    assert_eq!(found, ["IV", "MCMXCIX", "MMXXVI"]);
}
