#if Server
internal import NIOCore

/// Closes a connection whose other end does not take what it asked for.
final class SlowReaders: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  private let limit: TimeAmount
  private var closing: Scheduled<Void>?

  /// - Parameter seconds: how long what was written may lie unread.
  init(seconds: Double) { limit = .milliseconds(Int64(seconds * 1000)) }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    closing?.cancel()
    closing = nil
    if !context.channel.isWritable {
      let channel = context.channel
      closing = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
    }
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    closing?.cancel()
    closing = nil
    context.fireChannelInactive()
  }
}
#endif
