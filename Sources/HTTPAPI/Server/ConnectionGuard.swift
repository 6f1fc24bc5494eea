import HummingbirdCore
import NIOCore
import NIOHTTPTypes
import ServiceLifecycle

/// Watches over one connection from within its pipeline, between the parser of HTTP and the requests' handlers.
///
/// - It closes the connection when a request sends a larger body than the server ever reads.
/// - It tells a waiting long poll when the client hangs up. Clients that close their side of the connection only are taken to have hung up.
///
/// It is used on the connection's event loop only.
final class ConnectionGuard: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart

    private var receivedBodyBytes = 0
    private var hasHungUp = false
    private var onHangUp: (@Sendable () -> Void)?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            receivedBodyBytes = 0
        case .body(let buffer):
            receivedBodyBytes += buffer.readableBytes
            if receivedBodyBytes > Limits.receivedBodySizeMaxBytes { return context.close(promise: nil) }
        case .end:
            break
        }
        context.fireChannelRead(data)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .inputClosed? = event as? ChannelEvent { hangUp() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelInactive(context: ChannelHandlerContext) {
        hangUp()
        context.fireChannelInactive()
    }

    private func hangUp() {
        hasHungUp = true
        onHangUp?()
        onHangUp = nil
    }

    /// Runs a long poll, and cancels it as soon as the client hangs up or the server begins to stop. A cancelled poll can still answer.
    static func poll(
        _ channel: any Channel, on executor: (any TaskExecutor)?, _ operation: @escaping @Sendable () async throws -> Answer
    ) async throws -> Answer {
        let poll = Task(executorPreference: executor, operation: operation)
        watch(channel) { poll.cancel() }
        defer { watch(channel, onHangUp: nil) }
        return try await withTaskCancellationOrGracefulShutdownHandler {
            try await poll.value
        } onCancelOrGracefulShutdown: {
            poll.cancel()
        }
    }

    private static func watch(_ channel: any Channel, onHangUp: (@Sendable () -> Void)?) {
        channel.eventLoop.execute {
            guard let guarding = try? channel.pipeline.syncOperations.handler(type: ConnectionGuard.self) else { return }
            if guarding.hasHungUp { onHangUp?() } else { guarding.onHangUp = onHangUp }
        }
    }
}
