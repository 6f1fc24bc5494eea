import CanonicalJSON
import Homeserver
import HummingbirdTesting
import MatrixProtocol
import NIOCore
import Testing

@testable import HTTPAPI

/// Large answers are sent as they are made.
@Suite struct AnswerInPiecesTests {
    private struct Failure: Error {}

    /// Numbers from 0 on, with a failure at the number `broken`.
    @Sendable private static func numbers(_ count: Int, broken: Int? = nil) -> AnswerInPieces {
        AnswerInPieces(of: count) {
            $0.beginArray()
        } end: {
            $0.endArray()
        } items: { items, writer in
            for item in items {
                if item == broken { throw Failure() }
                writer.integer(Int64(item))
            }
        }
    }

    @Test(arguments: [0, 1, AnswerInPieces.itemsPerPiece, 10 * AnswerInPieces.itemsPerPiece + 1])
    func sendsAllPieces(_ count: Int) async throws {
        try await TestServer.run { routes in
            routes.get("/numbers", access: .open) { _ in try Answer(Self.numbers(count)) }
        } _: { server async throws in
            let response = try await server.send(.get, "/numbers")
            let text = "[" + (0..<count).map { "\($0)" }.joined(separator: ",") + "]"
            #expect(response.body.map { String(buffer: $0) } == text)
            // What is one piece has a length; the rest comes in chunks.
            let isOnePiece = count <= AnswerInPieces.itemsPerPiece
            #expect(response.headers[.contentLength] == (isOnePiece ? "\(text.utf8.count)" : nil))
            #expect(response.headers[.transferEncoding] == (isOnePiece ? nil : "chunked"))
            #expect(try await server.send(.get, "/numbers").status == .ok)
        }
    }

    @Test func aFailureInTheFirstPieceIsAnError() async throws {
        try await TestServer.run { routes in
            routes.get("/numbers", access: .open) { _ in try Answer(Self.numbers(1000, broken: 1)) }
        } _: { server async throws in
            #expect(try await server.send(.get, "/numbers").status == .internalServerError)
        }
    }

    @Test func aFailureLaterBreaksTheConnection() async throws {
        try await TestServer.run { routes in
            routes.get("/numbers", access: .open) { _ in try Answer(Self.numbers(1000, broken: 999)) }
        } _: { server async throws in
            await #expect(throws: (any Error).self) { try await server.send(.get, "/numbers") }
        }
    }
}
