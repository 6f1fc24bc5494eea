import HTTPTypes
import HummingbirdTesting
import NIOCore
import Store
import Testing

@testable import HTTPAPI

@Suite struct StoppingTests {
    /// Endpoints that wait, and say through a stream when they begin and how they end.
    private struct Waiting: RouteGroup {
        let events: AsyncStream<String>.Continuation
        let notifier = Notifier()

        func add(to routes: inout RouteTable) {
            routes.get("/poll", access: .open, lane: .long, isLongPoll: true) { _ in
                events.yield("began")
                await notifier.register([]).wait(atMost: 600_000, on: SystemClock())
                events.yield(Task.isCancelled ? "cancelled" : "waited")
                return Answer(["cancelled": .bool(Task.isCancelled)])
            }
            routes.get("/work", access: .open) { _ in
                events.yield("began")
                await notifier.register([]).wait(atMost: 300, on: SystemClock())
                events.yield(Task.isCancelled ? "cancelled" : "worked")
                return .empty
            }
            routes.get("/endless", access: .open) { _ in
                events.yield("began")
                await notifier.register([]).wait(atMost: 600_000, on: SystemClock())
                events.yield(Task.isCancelled ? "cancelled" : "worked")
                return .empty
            }
            routes.get("/hopeless", access: .open, isLongPoll: true) { _ in
                events.yield("began")
                try await Task.sleep(for: .seconds(600))
                return .empty
            }
        }
    }

    @Test func wakesLongPollsWhenItStops() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        try await TestServer.run(groups: [Waiting(events: continuation)]) { server async throws in
            async let response = server.send(.get, "/poll")
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "began")
            await server.services.triggerGracefulShutdown()
            #expect(try await response.json == ["cancelled": true])
        }
    }

    @Test func lettingGoOfAPollCanBeAnError() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        try await TestServer.run(groups: [Waiting(events: continuation)]) { server async throws in
            async let response = server.send(.get, "/hopeless")
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "began")
            await server.services.triggerGracefulShutdown()
            #expect(try await response.status == .serviceUnavailable)
        }
    }

    @Test func finishesWorkWhenItStops() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        try await TestServer.run(groups: [Waiting(events: continuation)]) { server async throws in
            async let response = server.send(.get, "/work")
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "began")
            await server.services.triggerGracefulShutdown()
            #expect(try await response.status == .ok)
            #expect(await iterator.next() == "worked")
        }
    }

    @Test func cancelsWorkThatTakesTooLongToFinish() async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        try await TestServer.run(groups: [Waiting(events: continuation)], stopGraceMilliseconds: 100) { server async throws in
            try await server.client.executeAndDontWaitForResponse(TestClient.Request("/endless", method: .get, headers: [:]))
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "began")
            await server.services.triggerGracefulShutdown()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test(arguments: [false, true])
    func letsGoOfALongPollWhoseClientHangsUp(halfClosing: Bool) async throws {
        let (events, continuation) = AsyncStream.makeStream(of: String.self)
        try await TestServer.run(groups: [Waiting(events: continuation)]) { server async throws in
            try await RawConnection.open(port: server.addresses[0].port) { inbound, outbound in
                try await outbound.write(ByteBuffer(string: "GET /poll HTTP/1.1\r\nHost: a\r\n\r\n"))
                var iterator = events.makeAsyncIterator()
                #expect(await iterator.next() == "began")
                if halfClosing { outbound.finish() }
            }
            var iterator = events.makeAsyncIterator()
            #expect(await iterator.next() == "cancelled")
        }
    }

    @Test func keepsAConnectionAfterALongPoll() async throws {
        let group = TestServer.Routes { routes in
            routes.get("/poll", access: .open, isLongPoll: true) { _ in .empty }
        }
        try await TestServer.run(groups: [group]) { server async throws in
            for _ in 0..<3 { #expect(try await server.send(.get, "/poll").status == .ok) }
        }
    }
}
