import Glibc

// Runs the simulation of the store on many seeds.

let usage = """
    store-simulation [--seeds COUNT] [--from SEED]    runs COUNT seeds (200), beginning with SEED (1), on two threads
    store-simulation --seed SEED [--trace]            runs one seed, and prints what happens in it
    """

var seeds: UInt64 = 200
var from: UInt64 = 1
var only: UInt64?
var printsTrace = false
var arguments = CommandLine.arguments.dropFirst()
while let argument = arguments.popFirst() {
    let number = argument == "--trace" ? nil : arguments.popFirst().flatMap { UInt64($0) }
    switch (argument, number) {
    case ("--seeds", let number?) where number > 0: seeds = number
    case ("--from", let number?): from = number
    case ("--seed", let number?): only = number
    case ("--trace", _): printsTrace = true
    default:
        say(usage)
        exit(64)
    }
}

let isClean = if let only { run(only, printsTrace: printsTrace) } else { await runAll(from..<from + seeds) }
if isClean { say(only == nil ? "\(seeds) seeds are clean" : "the seed is clean") }
exit(isClean ? 0 : 1)
