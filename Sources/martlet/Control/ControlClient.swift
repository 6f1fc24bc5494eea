import CanonicalJSON
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
import Store

/// Asks a running server through its control socket.
struct ControlClient {
    let socket: ControlSocketFile

    /// Asks for something, and waits for the answer as long as it takes: copying or compacting a large database takes its time.
    ///
    /// - Parameters:
    ///   - path: below `/_martlet/control/`.
    ///   - parameters: the body of the request.
    /// - Throws: ``ControlError`` with what the server says against it, or why it can't be asked.
    func ask(_ path: String, _ parameters: JSONObject = [:]) async throws -> JSONObject {
        let (status, bytes): (HTTPResponse.Status?, [UInt8])
        do {
            (status, bytes) = try await send(path, ByteBuffer(bytes: parameters.encoded()))
        } catch {
            throw ControlError(description: "the server can't be asked through \(socket.path): \(error)")
        }
        let answer = (try? JSONValue(parsing: bytes))?.objectValue
        guard status == .ok, let answer else {
            let reason = answer?["error"]?.stringValue
            throw ControlError(description: reason ?? "the server ended the connection to \(socket.path) without a whole answer")
        }
        return answer
    }

    /// One request on a connection of its own; no status where the server ends before it has answered.
    private func send(_ path: String, _ body: ByteBuffer) async throws -> (status: HTTPResponse.Status?, body: [UInt8]) {
        let connection = try await ClientBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .connect(unixDomainSocketPath: socket.address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPClientCodec())
                    return try NIOAsyncChannel<HTTPResponsePart, HTTPRequestPart>(wrappingChannelSynchronously: channel)
                }
            }
        let head = HTTPRequest(
            method: .post, scheme: "http", authority: "localhost", path: "/_martlet/control/\(path)",
            headerFields: [.contentLength: "\(body.readableBytes)", .connection: "close"])
        return try await connection.executeThenClose { inbound, outbound in
            try await outbound.write(contentsOf: [.head(head), .body(body), .end(nil)])
            var status: HTTPResponse.Status?
            var bytes: [UInt8] = []
            for try await part in inbound {
                switch part {
                case .head(let head): status = head.status
                case .body(let buffer): bytes += buffer.readableBytesView
                case .end: return (status, bytes)
                }
            }
            return (nil, [])
        }
    }
}

/// The running server refused what it was asked, or could not be asked.
struct ControlError: Error, CustomStringConvertible {
    let description: String
}
