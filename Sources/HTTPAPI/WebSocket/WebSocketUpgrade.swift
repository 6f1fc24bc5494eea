import Crypto
import HTTPTypes
import HummingbirdCore
import MatrixProtocol
import NIOCore
import NIOHTTP1
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// Turns a connection from HTTP to WebSocket (RFC 6455, section 4.2).
struct WebSocketUpgrade: Sendable {
    /// What the server says to the client's key.
    private let accept: String
    /// The longest message that is read, in bytes.
    private let messageSizeMaxBytes: Int
    private let open: @Sendable (WebSocketHandler, any EventLoop) -> Void
    private let untilForbidden: @Sendable () async throws -> String?

    /// RFC 6455, section 1.3.
    private static let keySuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    private static let keySizeBytes = 16

    /// Checks that the request asks for a WebSocket.
    ///
    /// - Parameters:
    ///   - open: is called on the connection's event loop when the connection is a WebSocket.
    ///   - untilForbidden: waits until the peer may not be connected any more, and says why; nil if that doesn't happen.
    /// - Throws: `M_UNRECOGNIZED` with status 426 if it doesn't, 400 if it does it wrongly.
    init(
        _ headers: HTTPFields, messageSizeMaxBytes: Int, open: @escaping @Sendable (WebSocketHandler, any EventLoop) -> Void,
        untilForbidden: @escaping @Sendable () async throws -> String?
    ) throws(MatrixError) {
        guard Self.names(headers[.upgrade], "websocket"), Self.names(headers[.connection], "upgrade") else {
            throw MatrixError(.unrecognized, "This is a WebSocket: connect to it as such", status: 426)
        }
        guard let key = headers[.secWebSocketKey], Base64.decode(key)?.count == Self.keySizeBytes,
            headers[.secWebSocketVersion] == "13"
        else { throw MatrixError(.unrecognized, "The WebSocket's key or version (13) is missing", status: 400) }
        accept = Base64.encode(Array(Insecure.SHA1.hash(data: Array((key + Self.keySuffix).utf8)))) + "="
        self.messageSizeMaxBytes = messageSizeMaxBytes
        self.open = open
        self.untilForbidden = untilForbidden
    }

    /// Whether a header field lists a word.
    private static func names(_ field: String?, _ word: String) -> Bool {
        field?.lowercased().split(separator: ",").contains {
            $0.trimmingPrefix(while: \.isWhitespace).split(separator: " ").first == word[...]
        }
            ?? false
    }

    /// Makes the connection, whose request was read, a WebSocket, and returns when it is closed.
    ///
    /// - Parameter executor: where it is found out whether the peer may still be connected.
    func run(on channel: any Channel, executor: any TaskExecutor) async throws {
        try await channel.eventLoop.submit { try exchangeHandlers(of: channel) }.get()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: executor) {
                let (code, reason): (WebSocketCloseCode, String)
                do {
                    guard let forbidden = try await untilForbidden() else { return }
                    (code, reason) = (.policyViolation, forbidden)
                } catch {
                    // Who may not be there any more must not stay because that can't be read.
                    (code, reason) = (.serverError, "The server can't do this at the moment")
                }
                try await channel.eventLoop.submit {
                    try channel.pipeline.syncOperations.handler(type: WebSocketHandler.self).close(code, reason)
                }.get()
            }
            try await channel.closeFuture.get()
            group.cancelAll()
        }
    }

    /// Puts the handlers of WebSocket in the place of those of HTTP, and answers the request.
    private func exchangeHandlers(of channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        let connectionGuard = try pipeline.handler(type: ConnectionGuard.self)
        let handler = WebSocketHandler(messageSizeMaxBytes: messageSizeMaxBytes)
        try pipeline.addHandlers(
            [ByteToMessageHandler(WebSocketFrameDecoder(maxFrameSize: messageSizeMaxBytes)), handler], position: .after(connectionGuard))
        // What reads bytes goes last: whatever it has left over then meets the new handlers only.
        try remove(HTTPConnectionStateHandler.self, from: pipeline)
        try remove(ConnectionGuard.self, from: pipeline)
        try remove(HTTP1ToHTTPServerCodec.self, from: pipeline)
        try remove(HTTPResponseEncoder.self, from: pipeline)
        try remove(ByteToMessageHandler<HTTPRequestDecoder>.self, from: pipeline)
        let answer = """
            HTTP/1.1 101 Switching Protocols\r
            Upgrade: websocket\r
            Connection: Upgrade\r
            Sec-WebSocket-Accept: \(accept)\r
            \r

            """
        handler.write(ByteBuffer(string: answer))
        handler.flush()
        open(handler, channel.eventLoop)
    }

    private func remove<Handler: RemovableChannelHandler>(
        _ type: Handler.Type, from pipeline: ChannelPipeline.SynchronousOperations
    ) throws {
        // These handlers leave at once.
        _ = pipeline.removeHandler(try pipeline.handler(type: type))
    }
}
