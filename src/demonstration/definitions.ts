/** The audiences and computed traits of the demonstration shop. One comes after those that it reads. */
import type { DefinitionType } from '../model/definition.ts'

export interface ShopDefinition {
  readonly name: string
  readonly description: string
  readonly type: DefinitionType
  readonly query: string
}

export const SHOP_TRAITS: readonly ShopDefinition[] = [
  {
    name: 'Orders',
    description: 'All orders so far.',
    type: 'USERS',
    query: "event('Order Completed').count()",
  },
  {
    name: 'Lifetime spend',
    description: 'The sum of all orders, in dollars.',
    type: 'USERS',
    query: "event('Order Completed').sum(property('revenue'))",
  },
  {
    name: 'Average order',
    description: 'The mean of all orders, in dollars.',
    type: 'USERS',
    query: "event('Order Completed').avg(property('revenue'))",
  },
  {
    name: 'Favourite category',
    description: 'The category that they have looked at most.',
    type: 'USERS',
    query: "event('Product Viewed').mode(property('category'), 2)",
  },
  {
    name: 'Sign-ins in 30 days',
    description: 'How often the people of a company have signed in lately.',
    type: 'ACCOUNTS',
    query: "event('Signed In').within(30 days).count()",
  },
]

export const SHOP_AUDIENCES: readonly ShopDefinition[] = [
  {
    name: 'Cart left',
    description: 'People to be reminded of what is in their cart.',
    type: 'USERS',
    query:
      "event('Product Added').where(property('price') >= 100 AND NOT event('Order Completed').where(property('product_id') = property(parent: 'product_id')).within(parent: 1 hour).count() >= 1).between(1 hour, 2 days).count() >= 1",
  },
  {
    name: 'High-value customers',
    description: 'Those who have spent the most lately.',
    type: 'USERS',
    query: "event('Order Completed').within(30 days).sum(property('revenue')) >= 200",
  },
  {
    name: 'Lapsing regulars',
    description: 'They used to order, and have not for a month.',
    type: 'USERS',
    query:
      "event('Order Completed').between(30 days, 90 days).count() >= 2 AND NOT event('Order Completed').within(30 days).count() >= 1",
  },
  {
    name: 'Looked, did not buy',
    description: 'Interested in something that is not cheap.',
    type: 'USERS',
    query:
      "event('Product Viewed').where(property('price') >= 100).within(1 day).count() >= 1 AND NOT event('Order Completed').within(1 day).count() >= 1",
  },
  {
    name: 'Business plan, nobody signed in',
    description: 'Companies that pay for what none of their people uses.',
    type: 'ACCOUNTS',
    query: "trait('plan') = 'business' AND NONE event('Signed In').within(14 days).count() >= 1",
  },
  {
    name: 'Above their own average',
    description: 'People who have just ordered for more than they usually do.',
    type: 'USERS',
    query: "event('Order Completed').where(property('revenue') > trait('average_order')).within(30 days).count() >= 1",
  },
  {
    name: 'First order this week',
    description: 'New customers, to be welcomed.',
    type: 'USERS',
    query: "event('Order Completed').count() = 1 AND event('Order Completed').within(7 days).count() = 1",
  },
  {
    name: 'Trial ends soon',
    description: 'Three days are left to convince them.',
    type: 'USERS',
    query: "trait('trial_ends_at').within_next(3 days)",
  },
  {
    name: 'Asked for help twice',
    description: 'Two tickets in two weeks: somebody should call them.',
    type: 'USERS',
    query: "event('Support Ticket Opened').within(14 days).count() >= 2",
  },
  {
    name: 'VIP',
    description: 'High value now, and all along.',
    type: 'USERS',
    query: "trait('high_value_customers') = true AND trait('lifetime_spend') >= 1000",
  },
  {
    name: 'In the shop now',
    description: 'They have opened a page in the last five minutes.',
    type: 'USERS',
    query:
      "event('Page Viewed').within(5 minutes).count() >= 1 OR event('Screen Viewed').within(5 minutes).count() >= 1",
  },
]
