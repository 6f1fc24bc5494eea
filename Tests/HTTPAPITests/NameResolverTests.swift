import Dispatch
import NIOCore
import NIOPosix
import Store
import Testing

@testable import OutgoingRequests

/// Names that nobody answers for.
@Suite struct NameResolverTests {
    private func withThreads(_ body: (NIOThreadPool) async throws -> Void) async throws {
        let threads = NIOThreadPool(numberOfThreads: 1)
        threads.start()
        try await body(threads)
        try await threads.shutdownGracefully()
    }

    @Test func whoAsksWaitsForALimitedTimeAndOthersAreRefused() async throws {
        try await withThreads { threads async throws in
            let answers = DispatchSemaphore(value: 0)
            let resolver = NameResolver(on: threads, timeout: .milliseconds(1)) { host in
                answers.wait()
                return host
            }
            // Nobody waits for these any more, but each is still to be looked up.
            for _ in 0..<64 {
                await #expect(throws: OutgoingHTTPError.failed("no name server answers for example.org")) {
                    try await resolver.address(of: "example.org")
                }
            }
            await #expect(throws: OutgoingHTTPError.failed("too many names are being looked up")) {
                try await resolver.address(of: "example.org")
            }
            for _ in 0..<64 { answers.signal() }
        }
    }

    @Test func addressesAndFailuresAreTold() async throws {
        struct Unknown: Error {}
        try await withThreads { threads async throws in
            let resolver = NameResolver(on: threads, timeout: .hours(1)) { host in
                if host == "unknown" { throw Unknown() }
                return host == "none" ? nil : "192.0.2.1"
            }
            #expect(try await resolver.address(of: "example.org") == "192.0.2.1")
            #expect(try await resolver.address(of: "none") == nil)
            await #expect(throws: OutgoingHTTPError.self) { try await resolver.address(of: "unknown") }
        }
    }
}
