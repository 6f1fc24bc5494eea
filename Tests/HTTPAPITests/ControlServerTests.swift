import Glibc
import Homeserver
import MatrixProtocol
import Store
import TestSupport
import Testing

@testable import HTTPAPI

@Suite struct ControlServerTests {
    private struct Failure: Error, CustomStringConvertible {
        let description = "the disk is on fire"
    }

    private static let routes = TestServer.Routes { routes in
        routes.control("double") { body in ["doubled": .integer(try body.required("number", as: .integer) * 2)] }
        routes.control("fail") { _ in throw Failure() }
    }

    /// Runs a server with a control socket in `directory`.
    private static func run(
        in directory: String, _ body: @Sendable @escaping (TestServer, ControlSocketFile) async throws -> Void
    ) async throws {
        let socket = try ControlSocketFile(in: directory)
        try await TestServer.run(control: ControlAPI(socket: socket, groups: [routes])) { try await body($0, socket) }
        #expect(!socket.exists)
        #expect(access("\(directory)/control.new", F_OK) != 0)
    }

    private static func ask(_ path: String, _ body: String, _ socket: ControlSocketFile) async throws -> String {
        let head = "POST /_martlet/control/\(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: \(body.utf8.count)"
        return try await RawConnection.exchange("\(head)\r\n\r\n\(body)", socket: socket.address)
    }

    @Test func answersOnASocketOfItsOwnersAlone() async throws {
        let directory = try TemporaryDirectory()
        try await Self.run(in: directory.path) { _, socket async throws in
            var status = stat()
            #expect(stat("\(directory.path)/control.sock", &status) == 0)
            #expect(status.st_mode == S_IFSOCK | 0o600)
            #expect(access("\(directory.path)/control.new", F_OK) != 0)
            #expect(try await Self.ask("double", #"{"number":21}"#, socket).hasSuffix(#"{"doubled":42}"#))
        }
    }

    @Test func theDirectorysPathMayBeLong() async throws {
        let parent = try TemporaryDirectory()
        let path = "\(parent.path)/\(String(repeating: "long", count: 50))"
        mkdir(path, 0o700)
        try await Self.run(in: path) { _, socket async throws in
            #expect(try await Self.ask("double", #"{"number":1}"#, socket).hasSuffix(#"{"doubled":2}"#))
        }
    }

    @Test func replacesWhatAKilledServerHasLeft() async throws {
        let directory = try TemporaryDirectory()
        // Stand-ins for a stale socket, published and not: they are in the way alike.
        mkdir("\(directory.path)/control.new", 0o700)
        for name in ["control.sock", "control.new/control.sock"] {
            close(open("\(directory.path)/\(name)", O_CREAT | O_WRONLY, 0o600))
        }
        let socket = try ControlSocketFile(in: directory.path)
        #expect(!socket.exists)
        try await Self.run(in: directory.path) { _, socket async throws in
            #expect(try await Self.ask("double", #"{"number":1}"#, socket).hasSuffix(#"{"doubled":2}"#))
        }
    }

    @Test func tellsTheAdministratorWhatWentWrong() async throws {
        let directory = try TemporaryDirectory()
        try await Self.run(in: directory.path) { _, socket async throws in
            let failed = try await Self.ask("fail", "{}", socket)
            #expect(failed.hasPrefix("HTTP/1.1 500 "))
            #expect(failed.hasSuffix(#"{"errcode":"M_UNKNOWN","error":"the disk is on fire"}"#))
            let refused = try await Self.ask("double", "{}", socket)
            #expect(refused.hasPrefix("HTTP/1.1 400 "))
            #expect(refused.hasSuffix(#"{"errcode":"M_MISSING_PARAM","error":"Missing number"}"#))
        }
    }

    @Test func listenersKnowNothingOfIt() async throws {
        let directory = try TemporaryDirectory()
        try await Self.run(in: directory.path) { server, _ async throws in
            #expect(try await server.send(.post, "/_martlet/control/double", body: #"{"number":1}"#).status == .notFound)
        }
    }

    @Test func withoutADirectoryTheServerDoesNotStart() async throws {
        let directory = try TemporaryDirectory()
        let path = "\(directory.path)/data"
        mkdir(path, 0o700)
        let socket = try ControlSocketFile(in: path)
        rmdir(path)
        let error = await #expect(throws: StoreError.self) {
            try await TestServer.run(control: ControlAPI(socket: socket, groups: [Self.routes])) { _ in }
        }
        #expect(error?.description == "the control socket \(path)/control.sock can't be made: No such file or directory")
    }
}
