import NIOCore
import NIOTLS

/// Waits behind the TLS handler until both sides have agreed. Whoever reads from the channel doesn't learn that they haven't.
final class TLSHandshake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    /// Fails when the handshake does, or the connection ends before it is over.
    var isDone: EventLoopFuture<Void> { promise.futureResult }

    private let promise: EventLoopPromise<Void>

    init(on eventLoop: any EventLoop) {
        promise = eventLoop.makePromise()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted = event as? TLSUserEvent { promise.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        promise.fail(ChannelError.eof)
    }
}
