import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// The least that a broadcast takes: a server on SwiftNIO's WebSocket that sends each message that it gets to all its connections. The message is
/// encoded into one frame, whose buffer they share, and each connection has one `writeAndFlush`.
///
/// It runs in this process, on threads of its own, as many as the machine has cores.
final class BareBroadcast: Sendable {
    let group: MultiThreadedEventLoopGroup
    let port: Int
    private let channel: any Channel

    private init(group: MultiThreadedEventLoopGroup, channel: any Channel, port: Int) {
        self.group = group
        self.channel = channel
        self.port = port
    }

    static func start() async throws -> BareBroadcast {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: System.coreCount)
        let circles = group.makeIterator().map { Circle(eventLoop: $0) }
        let upgrader = NIOWebSocketServerUpgrader(maxFrameSize: 1 << 20) { channel, _ in
            channel.eventLoop.makeSucceededFuture([:])
        } upgradePipelineHandler: { channel, _ in
            channel.eventLoop.makeCompletedFuture {
                guard let own = circles.first(where: { $0.eventLoop === channel.eventLoop }) else { return }
                // Before all other handlers, so that a frame that is encoded already goes to the socket.
                let sender = Sender()
                try channel.pipeline.syncOperations.addHandler(sender, position: .first)
                try channel.pipeline.syncOperations.addHandler(Receiver(circles: circles))
                own.senders.value.append(sender)
            }
        }
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .childChannelInitializer { channel in
                channel.pipeline.configureHTTPServerPipeline(withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in }))
            }
            .bind(host: "127.0.0.1", port: 0).get()
        return BareBroadcast(group: group, channel: channel, port: channel.localAddress?.port ?? 0)
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    /// The connections of one event loop.
    private struct Circle: Sendable {
        let eventLoop: any EventLoop
        let senders: NIOLoopBoundBox<[Sender]>

        init(eventLoop: any EventLoop) {
            self.eventLoop = eventLoop
            senders = NIOLoopBoundBox.makeBoxSendingValue([], eventLoop: eventLoop)
        }
    }

    /// Writes frames to one connection.
    private final class Sender: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) { self.context = context }
        func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

        func send(_ frame: ByteBuffer) {
            context?.writeAndFlush(wrapOutboundOut(frame), promise: nil)
        }
    }

    /// Hands what one connection sends to all.
    private final class Receiver: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        private let circles: [Circle]

        init(circles: [Circle]) {
            self.circles = circles
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let message = unwrapInboundIn(data)
            guard message.opcode == .text else { return }
            let frame = ServerFrame.text(message.unmaskedData)
            for circle in circles {
                circle.eventLoop.execute {
                    for sender in circle.senders.value { sender.send(frame) }
                }
            }
        }
    }
}

/// Frames as a server sends them (RFC 6455, section 5.2).
private enum ServerFrame {
    static func text(_ payload: ByteBuffer) -> ByteBuffer {
        var payload = payload
        var frame = ByteBufferAllocator().buffer(capacity: payload.readableBytes + 4)
        frame.writeInteger(UInt8(0x81))
        if payload.readableBytes < 126 {
            frame.writeInteger(UInt8(payload.readableBytes))
        } else {
            frame.writeInteger(UInt8(126))
            frame.writeInteger(UInt16(payload.readableBytes))
        }
        frame.writeBuffer(&payload)
        return frame
    }
}
