import ArgumentParser
import NIOCore

/// The program's root command. A new scenario is a file in Scenarios/ and an entry in this list.
@main
struct MartletBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet-bench",
        abstract: "A load generator for Matrix homeservers.",
        discussion: """
            Every scenario but resolve and large takes the URL of a homeserver, makes its own accounts and rooms there, and prints what it measured. With two URLs \
            it runs on both, one after the other, and prints the ratio of each figure (first to second).

            Latencies are of requests that were answered with success, from the request's start to the last byte of its answer; requests that \
            failed are counted by reason, and the exit code is then 1.
            """,
        subcommands: [
            Send.self, Sync.self, Deliver.self, Incremental.self, Create.self, Messages.self, Search.self, Streams.self, Resolve.self,
            Large.self,
        ])

    static func main() async {
        // The server under test usually shares the machine: one loop thread does all of the generator's work.
        NIOSingletons.groupLoopCountSuggestion = 1
        await main(nil)
    }
}
