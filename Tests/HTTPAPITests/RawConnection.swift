import NIOCore
import NIOPosix

/// A connection on which a test says exactly what is sent.
enum RawConnection {
    /// Sends text as it is, and gives everything that the server sends until it closes the connection.
    static func exchange(_ request: String, port: Int) async throws -> String {
        try await exchange(Array(request.utf8), port: port)
    }

    /// Sends bytes as they are, and gives everything that the server sends until it closes the connection.
    static func exchange(_ request: [UInt8], port: Int) async throws -> String {
        try await open(port: port) { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: request))
            var response = ""
            for try await buffer in inbound { response += String(buffer: buffer) }
            return response
        }
    }

    /// Sends text to a Unix domain socket, and gives everything that the server sends until it closes the connection.
    static func exchange(_ request: String, socket path: String) async throws -> String {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(unixDomainSocketPath: path, channelInitializer: wrap)
        return try await channel.executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(string: request))
            var response = ""
            for try await buffer in inbound { response += String(buffer: buffer) }
            return response
        }
    }

    @Sendable private static func wrap(_ channel: any Channel) -> EventLoopFuture<NIOAsyncChannel<ByteBuffer, ByteBuffer>> {
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
    }

    /// Opens a connection, and closes it when `body` is done.
    static func open<Result: Sendable>(
        port: Int,
        _ body: @Sendable (NIOAsyncChannelInboundStream<ByteBuffer>, NIOAsyncChannelOutboundWriter<ByteBuffer>) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port, channelInitializer: wrap)
        return try await channel.executeThenClose(body)
    }
}
